// Package wrap gives errors more text. fmt.Errorf does that too, and brings with it
// what reads formats and looks into values: a twelfth of the whole command.
package wrap

// In says in front of an error where it happened: "where: err".
func In(where string, err error) error { return As(where+": "+err.Error(), err) }

// As gives an error another text. errors.Is and errors.As still find what it was.
func As(text string, err error) error { return &wrapped{text, err} }

type wrapped struct {
	text string
	err  error
}

func (w *wrapped) Error() string { return w.text }
func (w *wrapped) Unwrap() error { return w.err }
