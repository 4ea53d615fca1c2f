package main

import (
	"strconv"
	"strings"
	"testing"
)

func TestScript(t *testing.T) {
	s, err := parseScript("http://10.0.0.1/boot/next.ipxe", "#!ipxe\n\nkernel vmlinuz a=1 b=\"2 3\"\ninitrd http://10.0.0.2/img\nboot\nwhat follows\n")
	if want := (script{"http://10.0.0.1/boot/vmlinuz", "http://10.0.0.2/img", `a=1 b="2 3"`}); err != nil || s != want {
		t.Errorf("%+v, %v", s, err)
	}
	s, err = parseScript("tftp://10.0.0.1/boot/next.ipxe", "kernel vmlinuz\ninitrd http://10.0.0.2/img\nboot\n")
	if want := (script{"tftp://10.0.0.1/boot/vmlinuz", "http://10.0.0.2/img", ""}); err != nil || s != want {
		t.Errorf("%+v, %v", s, err)
	}
	for text, want := range map[string]string{
		"kernel a\ninitrd b\n":          "does not boot",
		"kernel a\nboot\n":              "nothing to boot",
		"kernel a\ninitrd b\nsanboot x": `"sanboot" is not understood`,
		"kernel\ninitrd b\nboot\n":      "kernel without a name",
		"kernel a\ninitrd http://%\n":   "invalid",
		"<html>404 not found</html>\n":  "is not understood",
		"":                              "does not boot",
	} {
		if _, err := parseScript("http://10.0.0.1/next.ipxe", text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", text, err, want)
		}
	}
}

func TestBootFile(t *testing.T) {
	url, err := bootFile(`[{"interface": "eth0"}, {"interface": "eth1", "boot_file": "http://10.0.0.1/x"}]`)
	if err != nil || url != "http://10.0.0.1/x" {
		t.Errorf("%q, %v", url, err)
	}
	url, err = bootFile(`[{"interface": "eth1", "boot_file": "a/b", "next_server": "10.0.0.1"}]`)
	if err != nil || url != "tftp://10.0.0.1/a/b" {
		t.Errorf("%q, %v", url, err)
	}
	for _, leases := range []string{"", "[]", `[{"boot_file": "a/b"}]`, `[{"interface": "eth0"}]`} {
		if url, err := bootFile(leases); err == nil {
			t.Errorf("%q: %q", leases, url)
		}
	}
}

// A server is asked for a file by the name that it has there, whatever that would be in
// a URL, as are those which a script names beside it.
func TestNamesOverTFTP(t *testing.T) {
	for _, name := range []string{"a/b", "/srv/a", `boot\x64\a`, "100%.ipxe", "a#b", "a?b", "[a]"} {
		from, err := bootFile(`[{"boot_file": ` + strconv.Quote(name) + `, "next_server": "10.0.0.1"}]`)
		if err != nil {
			t.Fatal(err)
		}
		if server, got, err := splitTFTP(from); server.String() != "10.0.0.1:69" || got != name || err != nil {
			t.Errorf("%s: %s has %q, %v", from, server, got, err)
		}
	}
	s, err := parseScript("tftp://10.0.0.1//srv/next.ipxe", "kernel [a]\ninitrd /b\nboot\n")
	if err != nil {
		t.Fatal(err)
	}
	for from, want := range map[string]string{s.kernel: "/srv/[a]", s.initrd: "b"} {
		if _, got, err := splitTFTP(from); got != want || err != nil {
			t.Errorf("%s: %q, %v, want %q", from, got, err, want)
		}
	}
	if _, err := get("tftp://server/a"); err == nil || !strings.HasPrefix(err.Error(), "tftp://server/a: ") {
		t.Error(err)
	}
}

func TestTheNextSystemIsToldOfTheLink(t *testing.T) {
	if s := withBootIF("quiet", "quiet panic=-1 BOOTIF=01-52-54-00-4d-00-01 x\n"); s != "quiet BOOTIF=01-52-54-00-4d-00-01" {
		t.Error(s)
	}
	if s := withBootIF("quiet", "panic=-1\n"); s != "quiet" {
		t.Error(s)
	}
}
