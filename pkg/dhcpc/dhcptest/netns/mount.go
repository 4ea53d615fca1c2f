package netns

import (
	"testing"

	"golang.org/x/sys/unix"
)

// Tmpfs covers a directory with an empty tmpfs until the test ends. Options are
// those of mount(8), "size=64k" for example. All of the test binary's
// namespaces share their mounts.
func Tmpfs(t testing.TB, dir, options string) {
	t.Helper()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, options); err != nil {
		t.Fatalf("tmpfs on %s: %v", dir, err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Errorf("unmount %s: %v", dir, err)
		}
	})
}
