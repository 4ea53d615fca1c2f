package boot

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dhclient-lws/dhclient-lws/images/vm/readme"
)

// The lines of the page make an image that boots with a lease into a shell. The client
// is that of this checkout, by the lines for that.
func TestTheImageOfThePage(t *testing.T) {
	const (
		page, heading = "../../../README.md", "## In your own u-root image"
		published     = "go get -tool github.com/dhclient-lws/dhclient-lws/cmds/dhclient-lws\n"
	)
	blocks := readme.Blocks(t, page, heading)
	lines := blocks[0]
	if !strings.Contains(lines, published) || lines != readme.Block(t, "../README.md", "# The client in a u-root image") {
		t.Fatalf("the lines:\n%s", lines)
	}
	checkout, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	lines = strings.Replace(lines, published, strings.ReplaceAll(blocks[1], "/path/to/checkout", checkout), 1)
	// It is the same image, in a quarter of the time.
	lines = strings.Replace(lines, "go tool u-root ", "go tool u-root -go-extra-args=-a=false ", 1)

	m := machine(t, NICs(1))
	m.Image = filepath.Join(runInModule(t, lines), "initramfs.cpio")
	screen, keys, ended := m.atTheConsole(t, "")
	readUntil(t, screen, "1 of 1 links bound")
	readUntil(t, screen, "> ")                           // of gosh with its editor
	if _, err := keys.WriteString("\x01x"); err != nil { // which ends QEMU
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// runInModule runs lines in a new Go module, and returns its directory. What this
// machine has of other modules is enough in most cases; if not, they are fetched.
func runInModule(t *testing.T, lines string) (dir string) {
	t.Helper()
	var out []byte
	var err error
	for _, proxy := range []string{"GOPROXY=off", "GOPROXY=" + os.Getenv("GOPROXY")} {
		dir = t.TempDir()
		cmd := exec.Command("bash", "-ec", "go mod init example.org/image\n"+lines)
		cmd.Dir, cmd.Env = dir, append(os.Environ(), proxy)
		if out, err = cmd.CombinedOutput(); err == nil {
			return dir
		}
	}
	t.Fatalf("%v\n%s", err, out)
	return ""
}
