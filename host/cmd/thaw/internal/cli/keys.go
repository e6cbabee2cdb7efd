package cli

import (
	"encoding/json"
	"errors"
	"io/fs"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/thawlog/thaw/core/escape"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/subjectkeys"
)

func (a *app) keys() *cobra.Command {
	var destroy string
	var asJSON bool
	c := &cobra.Command{
		Use:   "keys",
		Short: "List the subjects of a key file, or destroy a subject's key",
		Long: `List the subjects of a key file of package host/subjectkeys, in order: "key" or
"destroyed", a tab, and the subject. With --destroy the subject's key is destroyed for
good: every payload that is encrypted with it becomes unreadable, in the store and in its
backups. The file is replaced by one without the key; the disk may keep the old blocks
for a while, and backups of the key file keep the key.

With --json one object a line: subject, destroyed.`,
		Example: lines(
			`thaw keys customers.keys`,
			`thaw keys customers.keys --destroy customer:7`),
	}
	arguments(c, "FILE")
	c.Flags().StringVar(&destroy, "destroy", "", "destroy the key of this subject")
	plainFlag(c, "destroy")
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON object a line")
	c.RunE = func(c *cobra.Command, args []string) error {
		fsys, ok := a.env.FS.(fsabstraction.FS)
		if !ok {
			return &writeError{args[0], errNoWriting}
		}
		ring, err := subjectkeys.OpenFile(args[0], subjectkeys.FileOptions{FS: fsys})
		if err != nil {
			return &keyFileError{args[0], err}
		}
		if c.Flags().Changed("destroy") {
			err := ring.Destroy(c.Context(), destroy)
			if errors.Is(err, subjectkeys.ErrNoKey) {
				return &notFoundError{what: "the subject " + strconv.Quote(destroy) + " never had a key"}
			}
			if err != nil {
				return &keyFileError{args[0], err}
			}
			return nil
		}
		all, err := ring.Subjects()
		if err != nil {
			return &keyFileError{args[0], err}
		}
		for subject, destroyed := range all {
			state := "key\t"
			if destroyed {
				state = "destroyed\t"
			}
			if asJSON {
				line, err := json.Marshal(struct {
					Subject   string `json:"subject"`
					Destroyed bool   `json:"destroyed"`
				}{subject, destroyed})
				if err != nil {
					return err
				}
				a.out.buf = append(append(a.out.buf, line...), '\n')
			} else {
				a.out.buf = append(append(a.out.buf, state...), escape.Text(subject)+"\n"...)
			}
			if err := a.out.line(); err != nil {
				return err
			}
		}
		return nil
	}
	return c
}

// keyFileError is the error of a key file.
type keyFileError struct {
	file string
	err  error
}

func (e *keyFileError) Error() string { return e.err.Error() }
func (e *keyFileError) Unwrap() error { return e.err }

func explainKeyFile(e *keyFileError) (what, hint string) {
	odd := (*fsabstraction.NotRegularError)(nil)
	switch {
	case errors.Is(e.err, fs.ErrNotExist):
		return e.file + ": no such key file", "The program that encrypts makes it; see subjectkeys.OpenFile."
	case errors.As(e.err, &odd):
		return e.file + ": not a key file, but a " + odd.Type.String(), ""
	case errors.Is(e.err, subjectkeys.ErrFile):
		return e.file + ": not a key file, or a damaged one", "Nothing was changed. If it was one, restore it from a backup: without it no payload of its subjects can be read."
	case errors.Is(e.err, subjectkeys.ErrFileVersion):
		return e.file + ": unknown version of a key file", "Nothing was changed. Use the version of thaw that wrote it, or a newer one."
	case errors.Is(e.err, fs.ErrPermission):
		return e.Error(), "thaw needs read permission on the key file, and to destroy a key write permission on its directory."
	}
	return e.Error(), "Nothing was changed."
}

// keyFlag is the flag of commands that print payloads.
type keyFlag struct {
	file string
	ring *subjectkeys.File
}

func (f *keyFlag) add(a *app, c *cobra.Command) {
	c.Flags().StringVar(&f.file, "keys", "", "decrypt payloads with the keys in this file; those it has\nno key for stay as they are")
	plainFlag(c, "keys")
	c.PreRunE = func(c *cobra.Command, _ []string) (err error) {
		if !c.Flags().Changed("keys") {
			return nil
		}
		fsys, ok := a.env.FS.(fsabstraction.FS)
		if !ok {
			return errNoWriting
		}
		if f.ring, err = subjectkeys.OpenFile(f.file, subjectkeys.FileOptions{FS: fsys}); err != nil {
			return &keyFileError{f.file, err}
		}
		return nil
	}
}

// keyed returns the options with the keys of the flag.
func (f *keyFlag) keyed(o host.ReaderOptions) host.ReaderOptions {
	if f.ring != nil {
		o.Cipher, o.Encrypted = lenientCipher{subjectkeys.New(f.ring, nil)}, false
	}
	return o
}

// lenientCipher leaves payloads as they are for which there is no key, or none any more.
type lenientCipher struct{ *subjectkeys.Cipher }

func (c lenientCipher) Open(e *event.Full) ([]byte, error) {
	b, err := c.Cipher.Open(e)
	if errors.Is(err, subjectkeys.ErrNoKey) || errors.Is(err, subjectkeys.ErrShredded) {
		return e.Payload, nil
	}
	return b, err
}
