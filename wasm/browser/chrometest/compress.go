package chrometest

import (
	"compress/gzip"
	"errors"
	"io"
	"os"
)

// compress writes a file compressed to another.
func compress(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	w := gzip.NewWriter(out)
	_, err = io.Copy(w, in)
	return errors.Join(err, w.Close(), out.Close())
}
