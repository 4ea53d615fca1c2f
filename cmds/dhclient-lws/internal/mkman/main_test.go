package main

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/dhclient-lws/dhclient-lws/cmds/dhclient-lws/internal/manual"
)

// root is where the files are from here on.
const root = "../../../../"

// What is committed is what the source says.
func TestManPageIsCurrent(t *testing.T) {
	have, err := os.ReadFile(root + manFile)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(have, manPage()) {
		t.Errorf("%s is not current: run make man", manFile)
	}
}

func TestTableIsCurrent(t *testing.T) {
	have, err := os.ReadFile(root + readmeFile)
	if err != nil {
		t.Fatal(err)
	}
	want, err := withTable(have, &manual.Command)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(have, want) {
		t.Errorf("the flags in %s are not current: run make man", readmeFile)
	}
}

func TestTableHasNoPlace(t *testing.T) {
	for _, readme := range []string{"", tableBegin, tableEnd, tableEnd + tableBegin} {
		if _, err := withTable([]byte(readme), &manual.Command); err == nil {
			t.Errorf("%q was taken", readme)
		}
	}
}

// The page is set without a complaint, and shows every flag and every text.
func TestManPageRenders(t *testing.T) {
	groff, err := exec.LookPath("groff")
	if err != nil {
		t.Fatal("groff is needed (Debian package groff-base)")
	}
	cmd := exec.Command(groff, "-man", "-ww", "-Tascii", "-P-c", "-P-b", "-P-u", "-rLL=300n")
	cmd.Stdin = bytes.NewReader(manPage())
	var out, complaints strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &complaints
	if err := cmd.Run(); err != nil || complaints.Len() > 0 {
		t.Fatalf("groff: %v\n%s", err, complaints.String())
	}
	shown := strings.Join(strings.Fields(out.String()), " ")
	for _, p := range []*manual.Page{&manual.Command, &manual.Status} {
		for f := range p.Flags {
			if want := f.Term() + " " + f.Text(); !strings.Contains(shown, want) {
				t.Errorf("the page does not show %q", want)
			}
		}
		for i := range p.Topics {
			for _, item := range p.Topics[i].Items {
				if want := item.Term + " " + item.Text; !strings.Contains(shown, want) {
					t.Errorf("the page does not show %q", want)
				}
			}
		}
		for _, text := range p.Text {
			if !strings.Contains(shown, text) {
				t.Errorf("the page does not show %q", text)
			}
		}
	}
	if t.Failed() {
		t.Logf("the page:\n%s", out.String())
	}
}

func TestEscape(t *testing.T) {
	for text, want := range map[string]string{
		`a\b`:                    `a\eb`,
		`.so /etc/passwd`:        `.\&so /etc/passwd`,
		`'br`:                    `\(aqbr`,
		`say -no-dns, or "": -v`: `say \fB\-no\-dns\fP, or \(dq\(dq: \fB\-v\fP`,
		`dhclient-lws - x`:       `dhclient\-lws \- x`,
	} {
		if got := emphasize(escape(text)); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

// Who asks the program for its version finds what is new in it.
func TestVersionIsTheTopOfTheChangelog(t *testing.T) {
	log, err := os.ReadFile(root + "CHANGELOG.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(log), "\n## ")
	top, _, _ := strings.Cut(rest, "\n")
	if want := manual.Version + " - " + manual.Released; top != want {
		t.Errorf("CHANGELOG.md begins with %q, want %q", top, want)
	}
}
