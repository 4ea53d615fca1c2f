package dhcp4

// Limits of a domain name (RFC 1035 section 2.3.4). A name of 127 labels has
// no use for more jumps than that.
const (
	maxNameText = 254 // bytes, with a dot after every label
	maxJumps    = 127
)

// AppendDomainSearch decodes option 119 (RFC 3397): it reads at most max names
// and appends those that would pass the check of Text.Domain to dst. A name cut
// off by the end of the option is left out. An option with a reserved kind of
// label, a name longer than DNS allows, or a pointer that does not lead back is
// absent.
func (o *Options) AppendDomainSearch(dst []string, max int) []string {
	list := o.Bytes(DomainSearch)
	names := dst
	for at := 0; at < len(list) && max > 0; max-- {
		var buf [maxNameText]byte
		n, end, state := expandName(buf[:0], list, at)
		switch state {
		case nameCut:
			return names
		case nameBad:
			return dst
		case nameFit:
			names = append(names, string(n[:len(n)-1]))
		case nameUnfit:
		}
		at = end
	}
	return names
}

type nameState uint8

const (
	nameFit   nameState = iota // for resolv.conf
	nameUnfit                  // the root, or with a label of other characters
	nameCut
	nameBad
)

// expandName appends the labels of the name that begins at list[at], each with
// a dot, to text, which must have room for the longest name. end is where the
// next name begins.
func expandName(text, list []byte, at int) (name []byte, end int, state nameState) {
	fit := true
	start := at // of the labels being read; a pointer must lead to before it, so it can't lead in a circle
	jumps := 0
	for at < len(list) {
		n := int(list[at])
		switch {
		case n == 0:
			if jumps == 0 {
				end = at + 1
			}
			if len(text) == 0 || !fit {
				return nil, end, nameUnfit
			}
			return text, end, nameFit
		case n < 0x40:
			if len(text)+n+1 > maxNameText {
				return nil, 0, nameBad
			}
			if at+1+n > len(list) {
				return nil, 0, nameCut
			}
			label := list[at+1 : at+1+n]
			fit = fit && isLabel(label, "-_")
			text = append(append(text, label...), '.')
			at += 1 + n
		case n >= 0xc0:
			if at+2 > len(list) {
				return nil, 0, nameCut
			}
			if jumps == 0 {
				end = at + 2
			}
			at = (n&0x3f)<<8 | int(list[at+1])
			jumps++
			if at >= start || jumps > maxJumps {
				return nil, 0, nameBad
			}
			start = at
		default: // reserved
			return nil, 0, nameBad
		}
	}
	return nil, 0, nameCut
}
