package main

// Errors with more text, as package pkg/internal/wrap makes them for the packages
// below: fmt stays out.

// in says in front of an error where it happened: "where: err".
func in(where string, err error) error { return &wrapped{where + ": " + err.Error(), err} }

// wrapped is an error with another text. errors.Is and errors.As still find what
// it was.
type wrapped struct {
	text string
	err  error
}

func (w *wrapped) Error() string { return w.text }
func (w *wrapped) Unwrap() error { return w.err }
