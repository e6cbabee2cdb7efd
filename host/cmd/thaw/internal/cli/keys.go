package cli

import (
	"errors"
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
	c := &cobra.Command{
		Use:   "keys",
		Short: "List the subjects of a key file, or destroy a subject's key",
		Long: `List the subjects of a key file of package host/subjectkeys, in order: "key" or
"destroyed", a tab, and the subject. With --destroy the subject's key is destroyed for
good: every payload that is encrypted with it becomes unreadable, in the store and in its
backups. The file is replaced by one without the key; the disk may keep the old blocks
for a while, and backups of the key file keep the key.`,
		Example: lines(
			`thaw keys customers.keys`,
			`thaw keys customers.keys --destroy customer:7`),
	}
	arguments(c, "FILE")
	c.Flags().StringVar(&destroy, "destroy", "", "destroy the key of this subject")
	plainFlag(c, "destroy")
	c.RunE = func(c *cobra.Command, args []string) error {
		fs, ok := a.env.FS.(fsabstraction.FS)
		if !ok {
			return &writeError{args[0], errNoWriting}
		}
		ring, err := subjectkeys.OpenFile(args[0], subjectkeys.FileOptions{FS: fs})
		if err != nil {
			return err
		}
		if c.Flags().Changed("destroy") {
			err := ring.Destroy(c.Context(), destroy)
			if errors.Is(err, subjectkeys.ErrNoKey) {
				return &notFoundError{what: "the subject " + strconv.Quote(destroy) + " never had a key"}
			}
			return err
		}
		all, err := ring.Subjects()
		if err != nil {
			return err
		}
		for subject, destroyed := range all {
			state := "key\t"
			if destroyed {
				state = "destroyed\t"
			}
			a.out.buf = append(append(a.out.buf, state...), escape.Text(subject)+"\n"...)
			if err := a.out.line(); err != nil {
				return err
			}
		}
		return nil
	}
	return c
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
		fs, ok := a.env.FS.(fsabstraction.FS)
		if !ok {
			return errNoWriting
		}
		f.ring, err = subjectkeys.OpenFile(f.file, subjectkeys.FileOptions{FS: fs})
		return err
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
