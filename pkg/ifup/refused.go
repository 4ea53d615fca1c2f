package ifup

// Error says what was refused, and why.
func (r *Refused) Error() string {
	if r.What == "" {
		return r.Op.String() + ": " + r.Err.Error()
	}
	return r.Op.String() + " " + r.What + ": " + r.Err.Error()
}

// Unwrap is the kernel's reason, a syscall.Errno.
func (r *Refused) Unwrap() error { return r.Err }

func (op Op) String() string {
	switch op {
	case OpDown:
		return "set down"
	case OpUp:
		return "set up"
	case OpMTU:
		return "MTU"
	case OpAddr:
		return "address"
	case OpRoute:
		return "route"
	}
	return "unknown operation"
}
