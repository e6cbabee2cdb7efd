package cli

import (
	"context"
	"errors"
	"io/fs"

	"github.com/spf13/cobra"

	"github.com/thawlog/thaw/host"
)

const followExitCodes = `
Exit codes:
  0    SIGINT, SIGTERM or SIGHUP ended it, or --limit; also if the reader of a pipe
       closed it
  1    an event could not be read: those before it were printed, and the damage listed
  2    the command failed: wrong arguments, no store, a position or checkpoint that
       does not fit, a file that could not be read; or the output or the checkpoint
       could not be written
`

func (a *app) follow() *cobra.Command {
	var read readFlags
	var line lineFlags
	var q filterFlags
	var from start
	var checkpoint string
	c := &cobra.Command{
		Use:   "follow",
		Short: "Print the events that match conditions, and wait for more",
		Long: `Print the visible events that match all given conditions, in order of sequence, and
then each new one as another process appends it, until a signal ends the command. It reads
only, takes no lock, and shows a new event within about 15 ms. The keys of a line and the
conditions are those of thaw query. A duration in --since counts from the start of the
command, and the names of kinds are those of that moment.

--from is where to begin: a sequence, now for new events only, or a position, which is a
store and a sequence. At its end the command prints the position it has reached to stderr.
Given to --from, it continues there: no event is missing or printed twice. A position of
another store, or beyond the end of this one, is refused.

--checkpoint keeps the position in a file, and begins there if the file exists, and else at
--from. The position is saved once the lines before it are written: whenever every event
that is there has been printed, each second until then, and at the end. After a crash or a
SIGKILL the lines since then are printed again; none is missing. The file must not be in
DIR, and is for one process and the same conditions.

Lines are written whenever every event that is there has been printed. An event may be seen
before its writer knows that it is on disk. When the reader of a pipe closes it, as head -1
does, the command ends: on Linux at once, elsewhere when it next writes a line.`,
		Example: lines(
			`thaw follow orders --prefix order: --payloads`,
			`thaw follow orders --from now --kind DATA | jq .entity`,
			`thaw follow orders --from now --checkpoint /var/lib/shop/mails --kind 0x1001`,
			`thaw follow orders --from 01a2046944b6768dadb2f522b5437a79@48000 --limit 100`),
	}
	arguments(c, "DIR")
	q.add(a, c)
	c.Flags().Var(&from, "from", "begin at this sequence or position, or now; by default 0")
	c.Flags().StringVar(&checkpoint, "checkpoint", "", "keep the position in this `FILE`")
	plainFlag(c, "from")
	line.addLimit(c)
	line.add(c)
	read.add(c)
	c.SetUsageTemplate(c.UsageTemplate() + followExitCodes)
	c.RunE = func(c *cobra.Command, args []string) error {
		err := q.check(c)
		switch {
		case err != nil:
		case q.after.given && from.text != "":
			err = errors.New("--after and --from exclude each other")
		case c.Flags().Changed("checkpoint"):
			err = checkCheckpoint(checkpoint, args[0], &q)
		}
		if err != nil {
			return &usageError{command: c, err: err}
		}
		line.times = q.times
		ctx := c.Context()
		r, err := a.open(ctx, args[0], read.options(a))
		if err != nil {
			return err
		}
		defer r.Close()
		region, first, ok, err := q.region(c, a.names)
		if err == nil && !ok {
			err = &usageError{command: c, err: errors.New("no event can match these conditions")}
		}
		if err != nil {
			return err
		}
		if q.after.given {
			from.position.Sequence = first
		}
		f := &following{app: a, dir: args[0], line: &line}
		if checkpoint != "" {
			if f.keep, err = a.checkpoint(checkpoint, q.timed(region)); err != nil {
				return &storeError{args[0], err}
			}
		}
		begin, err := f.begin(ctx, r, &from)
		if err != nil {
			return a.ended(args[0], err)
		}
		return f.print(ctx, r, region, begin)
	}
	return c
}

// following is one run of thaw follow.
type following struct {
	*app
	dir  string
	line *lineFlags
	keep *keeper // nil without --checkpoint
}

// begin returns the position to begin at.
func (f *following) begin(ctx context.Context, r host.Reader, from *start) (host.Position, error) {
	if f.keep != nil {
		p, err := f.keep.file.Load(f.keep.region)
		if err == nil || !errors.Is(err, fs.ErrNotExist) {
			return p, err
		}
	}
	return from.in(ctx, r)
}

// print prints what a follower hands out. The end of ctx is no error: there is no other end.
func (f *following) print(ctx context.Context, r *host.DirReader, region host.Region, from host.Position) error {
	open, closed := context.WithCancelCause(ctx)
	defer closed(nil)
	whenClosed(f.env.Stdout, func() { closed(errPipe) })
	o := host.FollowOptions{CaughtUp: func(host.Position) error { return f.out.flush() }}
	if f.keep != nil {
		o.Checkpoint = f.save
	}
	follower := r.Follow(region, from, o)
	err := f.lines(open, follower)
	if ctx.Err() != nil && errors.Is(err, context.Cause(ctx)) {
		err = nil
	}
	var refused *host.PositionError
	switch {
	case errors.Is(err, errPipe):
		return err // whether the last lines were read is not known
	case errors.As(err, &refused):
		return errors.Join(f.out.flush(), f.ended(f.dir, err))
	}
	position := follower.Position()
	if f.keep == nil {
		if flushed := f.out.flush(); flushed != nil {
			return flushed
		}
	} else if failed := f.save(position); failed != nil {
		return f.failed(failed)
	}
	if !position.Store.IsZero() {
		f.warn("note: continue with --from %s", position)
	}
	return f.failed(err)
}

// failed returns the error of the command.
func (f *following) failed(err error) error {
	var output *outputError
	if err == nil || errors.Is(err, errPipe) || errors.As(err, &output) {
		return err
	}
	return f.ended(f.dir, err)
}

// lines prints lines until the end of ctx, the limit, or an error.
func (f *following) lines(ctx context.Context, follower *host.Follower) error {
	appendLine, printed := f.line.append(f.names), 0
	for e, err := range follower.Events(ctx) {
		if e, err = unredacted(e, err); err != nil {
			return err
		}
		if !f.line.times.has(e.TimestampUS) {
			continue
		}
		f.out.buf = appendLine(f.out.buf, &e)
		if err := f.out.line(); err != nil {
			return err
		}
		if printed++; f.line.limit > 0 && printed == int(f.line.limit) {
			break
		}
	}
	return nil
}
