package cli

import (
	"context"
	"errors"
	"io"
	"io/fs"

	"github.com/thawlog/thaw/host"
)

// importer writes groups of lines to a store and counts them.
type importer struct {
	*app
	dir  string
	name string // of the input
	by   grouping
	wait patience     // for another writer
	skip string       // the name of --skip-bad's file
	kept *refusedFile // nil when a refused line ends the import

	store                       *host.Store
	bar                         *bar
	appended, repeated, skipped uint64
}

func (w *importer) importFrom(ctx context.Context, in io.Reader) (err error) {
	if w.store, err = w.openWriting(ctx, w.dir, w.wait); err != nil {
		return err
	}
	w.readNames(w.dir)
	reading, stop := context.WithCancel(ctx)
	defer stop()
	// Unbuffered: while one group is written, only the next is read.
	lines, from := make(chan inputLine), make(chan group)
	go readLines(reading, in, w.names, w.by.keep, lines)
	go groups(reading, lines, w.by, from)
	w.bar = w.app.bar(w.dir)
	err = w.run(ctx, from)
	w.bar.clear()
	printed := w.out.object(w.summary())
	if err == nil {
		err = printed
	}
	if w.skipped > 0 {
		w.warn("%s refused and added to %s", wereCounted(w.skipped, "line", "was", "were"), w.skip)
		if err == nil {
			err = errIncomplete
		}
	}
	return w.closeWritten(w.dir, w.store, err)
}

type importJSON struct {
	Lines    uint64  `json:"lines"`
	Appended uint64  `json:"appended"`
	Repeated uint64  `json:"repeated"`
	Skipped  *uint64 `json:"skipped,omitempty"`
}

func (w *importer) summary() importJSON {
	j := importJSON{Lines: w.appended + w.repeated, Appended: w.appended, Repeated: w.repeated}
	if w.kept != nil {
		j.Skipped = &w.skipped
	}
	return j
}

// run writes groups until there are no more, one cannot be written, or ctx ends.
func (w *importer) run(ctx context.Context, from <-chan group) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		select {
		case g, ok := <-from:
			if !ok {
				return ctx.Err()
			}
			if err := w.write(ctx, &g); err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// write writes a group, and keeps the lines of it that were refused.
func (w *importer) write(ctx context.Context, g *group) error {
	for len(g.items) > 0 {
		done, err := w.appendItems(ctx, g.items)
		g.items, g.origins = g.items[done:], g.origins[done:]
		if err == nil {
			break
		}
		line := refusal(g.origins[0].line, err)
		if line == nil {
			return &writeError{w.dir, bareEach(err)}
		}
		if w.kept == nil {
			return &inputError{name: w.name, err: line}
		}
		g.refused = append(g.refused, refused{g.origins[0], line})
		g.items, g.origins = g.items[1:], g.origins[1:]
	}
	if len(g.refused) > 0 {
		if err := w.keep(g.refused); err != nil {
			return err
		}
	}
	if g.err != nil {
		return &inputError{name: w.name, err: g.err}
	}
	return nil
}

// appendItems appends items and returns how many are in the store.
func (w *importer) appendItems(ctx context.Context, items []host.Item) (int, error) {
	// An interrupted group could be in the store without being counted.
	receipts, err := w.store.AppendEach(context.WithoutCancel(ctx), items)
	for _, r := range receipts {
		if r.Repeated {
			w.repeated++
		} else {
			w.appended++
		}
	}
	w.bar.add(len(receipts))
	return len(receipts), err
}

// keep appends lines to the file of --skip-bad and prints why they were refused.
func (w *importer) keep(lines []refused) error {
	if err := w.kept.add(lines); err != nil {
		return &outputError{err}
	}
	w.bar.hide()
	for _, l := range lines {
		if w.skipped++; w.skipped <= listedAtMost {
			w.warn("note: skipped: %s", (&inputError{name: w.name, err: l.err}).Error())
		}
	}
	if w.skipped > listedAtMost && w.skipped-uint64(len(lines)) <= listedAtMost {
		w.warn("note: the reasons for further skipped lines are not listed")
	}
	return nil
}

// refusal returns the error of a refused line, or nil if the error is not about the line:
// the store could not be written.
func refusal(line int, err error) *lineError {
	var (
		each  *host.EachError
		item  *host.ItemError
		write *host.WriteError
	)
	if !errors.As(err, &each) || errors.As(err, &write) ||
		errors.Is(err, host.ErrFailed) || errors.Is(err, host.ErrClosed) || errors.Is(err, host.ErrUnknown) {
		return nil
	}
	cause := each.Err
	if errors.As(cause, &item) {
		cause = item.Err
	}
	return &lineError{line: line, key: refusedKey(cause), err: cause}
}

// bareEach returns an error without the item's number, which counts from the start of the
// group.
func bareEach(err error) error {
	var each *host.EachError
	if errors.As(err, &each) {
		return each.Err
	}
	return err
}

// inputError is the error that ends an import.
type inputError struct {
	name string
	err  error
}

func (e *inputError) Error() string { return e.name + ": " + bare(e.err) }
func (e *inputError) Unwrap() error { return e.err }

// explainInput returns the message of an input error and a hint.
func explainInput(e *inputError) (what, hint string) {
	const before = "The lines before it are in the store."
	hint = before + " --skip-bad FILE moves such lines to a file and continues."
	var kind *host.KindError
	var path *fs.PathError
	switch {
	case errors.Is(e.err, errLong), errors.Is(e.err, errUTF16), errors.As(e.err, &path): // --skip-bad ends there, too
		hint = before
	case errors.As(e.err, &kind) && kind.Named:
		hint = "If you mean it, write it as thaw export does: \"" + kind.Kind.String() + "\". " + hint
	case errors.Is(e.err, host.ErrKey):
		hint = "An id belongs to one event forever; use another id for this one. " + hint
	}
	return e.Error(), hint
}
