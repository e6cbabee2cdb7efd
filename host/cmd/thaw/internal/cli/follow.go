package cli

import (
	"context"
	"errors"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/thawlog/thaw/host"
)

func (a *app) follow() *cobra.Command {
	var read readFlags
	var line lineFlags
	var q filterFlags
	var from start
	c := &cobra.Command{
		Use:   "follow",
		Short: "Print the events that match conditions, and wait for more",
		Long: `Print the visible events that match all given conditions, in order of sequence, and
then each new one as another process appends it, until a signal ends the command. It reads
only, takes no lock, and shows a new event within about 15 ms. The keys of a line and the
conditions are those of thaw query.

--from is where to begin: a sequence, now for new events only, or a position, which is a
store and a sequence. At its end the command prints the position it has reached to stderr.
Given to --from, it continues there: no event is missing or printed twice. A position of
another store, or beyond the end of this one, is refused.

Lines are written whenever every event that is there has been printed. An event may be seen
before its writer knows that it is on disk.`,
		Example: lines(
			`thaw follow orders --prefix order: --payloads`,
			`thaw follow orders --from now --kind DATA | jq .entity`,
			`thaw follow orders --from 01a2046944b6768dadb2f522b5437a79@48000 --limit 100`),
	}
	arguments(c, "DIR")
	q.add(c)
	c.Flags().Var(&from, "from", "begin at this sequence or position, or now; by default 0")
	plainFlag(c, "from")
	line.addLimit(c)
	line.add(c)
	read.add(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		region, first, ok := q.region()
		err := q.check(c)
		switch {
		case err != nil:
		case q.after.given && from.text != "":
			err = errors.New("--after and --from exclude each other")
		case !ok:
			err = errors.New("no event can match these conditions")
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
		if q.after.given {
			from.position.Sequence = first
		}
		begin, err := from.in(ctx, r)
		if err != nil {
			return a.ended(args[0], err)
		}
		return a.printFollowed(ctx, args[0], r.Follow(region, begin, host.FollowOptions{
			CaughtUp: func(host.Position) error { return a.out.flush() },
		}), &line)
	}
	return c
}

// printFollowed prints what a follower hands out. The end of ctx is no error: there is no
// other end.
func (a *app) printFollowed(ctx context.Context, dir string, f *host.Follower, line *lineFlags) (err error) {
	appendLine, printed := line.append(), 0
	for e, failed := range f.Events(ctx) {
		if failed != nil {
			err = failed
			break
		}
		if !line.times.has(e.TimestampUS) {
			continue
		}
		a.out.buf = appendLine(a.out.buf, &e)
		if err = a.out.line(); err != nil {
			return err
		}
		if printed++; line.limit > 0 && printed == int(line.limit) {
			break
		}
	}
	if err != nil && ctx.Err() == nil && !errors.Is(err, errPipe) {
		err = a.ended(dir, err)
	} else if ctx.Err() != nil {
		err = nil
	}
	if flushed := a.out.flush(); flushed != nil {
		return flushed
	}
	if p := f.Position(); !p.Store.IsZero() {
		a.warn("note: continue with --from %s", p)
	}
	return err
}

// start is the value of --from.
type start struct {
	position host.Position
	stored   bool // position has a store
	now      bool
	text     string
}

func (s *start) Type() string   { return "SEQ|POSITION|now" }
func (s *start) String() string { return s.text }

func (s *start) Set(text string) error {
	n, err := strconv.ParseUint(text, 10, 64)
	p, bad := host.ParsePosition(text)
	switch {
	case text == "now":
		*s = start{now: true}
	case err == nil:
		*s = start{position: host.Position{Sequence: n}}
	case bad == nil:
		*s = start{position: p, stored: true}
	default:
		return errors.New("it must be a sequence, a position such as 01a2046944b6768dadb2f522b5437a79@48000, or now")
	}
	s.text = text
	return nil
}

// in returns the position in a store.
func (s *start) in(ctx context.Context, r host.Reader) (host.Position, error) {
	if s.stored || !s.now && s.position.Sequence == 0 {
		return s.position, nil
	}
	end, err := r.Position(ctx)
	if err != nil || s.now {
		return end, err
	}
	return host.Position{Store: end.Store, Sequence: s.position.Sequence}, nil
}
