package boot

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// A kernel unpacks archives that follow one another, the later over the earlier.

type file struct {
	name, content string
	mode          uint32
}

func script(name, content string) file {
	return file{name, "#!/bbin/gosh\n" + content, 0o100755}
}

// program is one of the host's files.
func program(t testing.TB, name, path string) file {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return file{name, string(content), 0o100755}
}

func symlink(name, target string) file { return file{name, target, 0o120777} }

// with is the machine with other files in its image.
func (m Machine) with(t testing.TB, files ...file) Machine {
	t.Helper()
	image, err := os.ReadFile(m.Image)
	if err != nil {
		t.Fatal(err)
	}
	image = append(image, make([]byte, -len(image)&3)...)
	m.Image = filepath.Join(t.TempDir(), "u-root.cpio")
	if err := os.WriteFile(m.Image, append(image, archive(files)...), 0o600); err != nil {
		t.Fatal(err)
	}
	return m
}

// archive is a cpio archive as the kernel knows it ("newc"): each file is a
// header of hexadecimal numbers, its name and its content, on multiples of four.
func archive(files []file) []byte {
	var b bytes.Buffer
	pad := func() { b.Write(make([]byte, -b.Len()&3)) }
	for i, f := range append(files, file{name: "TRAILER!!!"}) {
		fmt.Fprintf(&b, "070701%08x%08x%016x%08x%08x%08x%032x%08x%08x%s\x00",
			i, f.mode, 0, 1, 0, len(f.content), 0, len(f.name)+1, 0, f.name)
		pad()
		b.WriteString(f.content)
		pad()
	}
	return b.Bytes()
}
