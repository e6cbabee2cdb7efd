package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/spf13/cobra"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/escape"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/swap"
	"github.com/thawlog/thaw/core/visibility"
	"github.com/thawlog/thaw/fsabstraction/scarce"
	"github.com/thawlog/thaw/host"
)

// The exit codes; see exitCodes for their meaning.
const (
	exitDone        = 0
	exitIncomplete  = 1
	exitFailed      = 2
	exitConflict    = 3
	exitLocked      = 4
	exitInterrupted = 130
)

// usageError is the error of an invalid command line.
type usageError struct {
	command *cobra.Command
	err     error
}

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

// countError is a wrong number of arguments.
type countError struct{ want, got []string }

func (e *countError) Error() string {
	if len(e.got) > len(e.want) {
		return fmt.Sprintf("too many arguments: %q", e.got[len(e.want)])
	}
	return "missing " + strings.Join(e.want[len(e.got):], " and ")
}

// notFoundError is the error of a query without a result.
type notFoundError struct{ what, hint string }

func (e *notFoundError) Error() string { return e.what }

// storeError is the error of opening or reading a store.
type storeError struct {
	dir string
	err error
}

func (e *storeError) Error() string { return named(e.dir, strings.TrimPrefix(e.err.Error(), "thaw: ")) }
func (e *storeError) Unwrap() error { return e.err }

// named puts the name of the store before a text, unless it comes right after its first word, an
// operation such as compact.
func named(dir, text string) string {
	if _, after, found := strings.Cut(text, " "); found && strings.HasPrefix(after, escape.Text(dir)+": ") {
		return text
	}
	return dir + ": " + text
}

// finish prints the error of a run and returns its exit code.
func (a *app) finish(ctx context.Context, err error) int {
	if a.unlisted > 0 {
		a.warn("%d more damages are not listed; thaw verify lists all", a.unlisted)
	}
	code := exitDone
	if a.damages > 0 {
		code = exitIncomplete
	}
	var missing *notFoundError
	switch {
	case err == nil, errors.Is(err, errPipe):
		return code
	case ctx.Err() != nil && errors.Is(err, ctx.Err()):
		a.warn("interrupted")
		return exitInterrupted
	case errors.Is(err, errIncomplete):
		return exitIncomplete
	case errors.As(err, &missing):
		code = exitIncomplete
	case errors.Is(err, host.ErrConflict):
		code = exitConflict
	case errors.Is(err, host.ErrLocked):
		code = exitLocked
	default:
		code = exitFailed
	}
	what, hint := explain(err)
	fmt.Fprintf(a.env.Stderr, "thaw: %s\n", what)
	if hint != "" {
		fmt.Fprintf(a.env.Stderr, "  %s\n", hint)
	}
	return code
}

// errIncomplete ends a command that has already printed why its output is incomplete.
var errIncomplete = errors.New("the output is incomplete")

// warn writes a line to stderr, escaped.
func (a *app) warn(format string, args ...any) {
	fmt.Fprintf(a.env.Stderr, "thaw: %s\n", escape.Text(fmt.Sprintf(format, args...)))
}

// explain returns the message of an error and a hint, both escaped.
func explain(err error) (what, hint string) {
	var known bool
	if what, hint, known = explainKnown(err); known {
		return escape.Text(what), escape.Text(hint)
	}
	// From cobra: an unknown command or argument, followed by suggestions.
	return shownLines(err.Error()), "Run 'thaw --help' for usage."
}

// shownLines escapes text from cobra except its newlines and tabs.
func shownLines(text string) string {
	var b strings.Builder
	for text != "" {
		end := strings.IndexAny(text, "\n\t")
		if end < 0 {
			end = len(text)
		}
		b.WriteString(escape.Text(text[:end]))
		if end < len(text) {
			b.WriteByte(text[end])
			end++
		}
		text = text[end:]
	}
	return b.String()
}

// explainKnown is explain for the errors of this package.
func explainKnown(err error) (what, hint string, known bool) {
	var (
		usage   *usageError
		missing *notFoundError
		opened  *storeError
		written *writeError
		output  *outputError
		input   *inputError
		serving *inspectError
		copied  *copyError
		keyFile *keyFileError
	)
	switch {
	case errors.As(err, &missing):
		what, hint = missing.what, missing.hint
	case errors.As(err, &copied):
		what, hint = explainCopy(copied)
	case errors.As(err, &opened):
		what, hint = explainStore(opened)
	case errors.As(err, &input):
		what, hint = explainInput(input)
	case errors.As(err, &written):
		what, hint = explainWrite(written)
	case errors.As(err, &output):
		what = err.Error()
	case errors.As(err, &serving):
		what, hint = explainInspect(serving)
	case errors.As(err, &usage):
		what, hint = err.Error(), fmt.Sprintf("Run '%s --help' for usage.", usage.command.CommandPath())
	case errors.As(err, &keyFile):
		what, hint = explainKeyFile(keyFile)
	default:
		return "", "", false
	}
	return what, hint, true
}

// errNoStore is the error of a directory without any file of a store.
var errNoStore = errors.New("no store")

const hintPermission = "thaw needs read permission on the directory and its files, and no other."

// explainUnread explains a system error. The bytes are unknown then, so it mentions no
// damage and offers nothing that would give up events.
func explainUnread(dir string, e *source.ReadError) (what, hint string) {
	what = dir + ": " + strings.TrimPrefix(e.Error(), "thaw: ")
	switch {
	case scarce.TooManyOpen(e):
		hint = "Too many files are open. The store itself may be fine. Raise the limit (ulimit -n) or run the command alone."
	case errors.Is(e, fs.ErrPermission):
		hint = hintPermission
	default:
		hint = "Nothing was changed, and the store itself may be fine. Try again; if the error persists, the disk may be failing: copy the store first."
	}
	return what, hint
}

// explainSwap explains a damaged swap.thaw, without which no command shows a store.
func explainSwap(dir string, d *damage.Damage) (what, hint string) {
	return fmt.Sprintf("%s: %s; only this file tells which files of an unfinished change count", dir, damageText(d)),
		"Nothing was changed. Restore the store from a backup; or copy the directory, remove " + d.File + " from the copy,\n" +
			"  and use thaw salvage on it: every event is then in its files, perhaps also some that the change removed."
}

func explainStore(e *storeError) (what, hint string) {
	var d *damage.Damage
	var unread *source.ReadError
	var refused *host.PositionError
	var checkpoint *host.CheckpointError
	switch {
	case errors.As(e.err, &refused):
		return e.Error(), hintPosition(refused)
	case errors.As(e.err, &checkpoint):
		return strings.TrimPrefix(checkpoint.Error(), "thaw: "), hintCheckpoint(checkpoint)
	case errors.Is(e.err, host.ErrRemoved):
		return e.Error(), "Another process compacts the store. Run the command again."
	case errors.Is(e.err, source.ErrGone):
		return e.dir + ": a segment was removed while it was read; another process may be compacting the store",
			"Run the command again."
	case errors.As(e.err, &d) && d.File == visibility.FileName && d.Reason != damage.Renumbered:
		return fmt.Sprintf("%s: %s; only this file lists the hidden events, so nothing is shown", e.dir, damageText(d)),
			"Restore " + d.File + " from a backup, or use --show-hidden to see all events, including hidden ones."
	case errors.As(e.err, &d) && d.File == swap.FileName:
		return explainSwap(e.dir, d)
	case errors.As(e.err, &d):
		return fmt.Sprintf("%s: %s", e.dir, damageText(d)),
			"Omit --strict to read the intact events; thaw verify lists all."
	case errors.Is(e.err, fs.ErrNotExist):
		return e.dir + ": no such directory", "DIR is the directory that holds a store's *.fbat files."
	case errors.Is(e.err, errNotEmpty):
		return e.dir + ": " + e.err.Error(), "DST must be the name of a new directory."
	case errors.Is(e.err, host.ErrCopyInside):
		return e.Error(), hintInside
	case errors.Is(e.err, errNoStore):
		return e.dir + ": no *.fbat file: it is not a store", "DIR is the directory that holds a store's *.fbat files."
	case notDirectory(e.err):
		return e.dir + ": not a directory", "DIR is the directory that holds a store's *.fbat files."
	case errors.As(e.err, &unread):
		return explainUnread(e.dir, unread)
	case errors.Is(e.err, fs.ErrPermission):
		return e.Error(), hintPermission
	}
	return e.Error(), "Nothing was changed. Try again; if the error persists, the disk may be failing: copy the store first."
}
