// Package rfc holds the requirements on a DHCPv4 client, RFC by RFC, and lets a
// test name those that it shows. "make conformance" makes CONFORMANCE.md of them
// and a passing run.
package rfc

import "testing"

// Shows records that the calling test demonstrates the named requirements: it
// would fail if one of them did not hold. The names appear as attributes in the
// output of "go test -json". One that requirements.tsv does not have fails the test.
func Shows(t testing.TB, ids ...string) {
	t.Helper()
	register, err := Requirements()
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range ids {
		if !isRequirement(register, id) {
			t.Errorf("%s is not in requirements.tsv", id)
		}
		t.Attr(attribute, id)
	}
}

// attribute is the key under which a test's output names a requirement.
const attribute = "conformance"
