package ifup

// RenderResolvConf is the resolv.conf for links in the order given: a line that
// says who generated it, one search line, at most three different servers.
func RenderResolvConf(links []Resolver) []byte { return nil }

// ResolvConf writes one resolv.conf file. The zero value writes nothing.
type ResolvConf struct {
	Path string // one symbolic link is followed, so that /etc/resolv.conf may point into a writable place
}

// Write brings the file up to date: by a temporary file and a rename, in place
// where a rename is refused with EBUSY (a bind mount). It does nothing if the
// content is what was last written, or if links is empty and nothing was ever
// written. ErrForeign says that the file is another program's.
func (r *ResolvConf) Write(links []Resolver) error { return nil }
