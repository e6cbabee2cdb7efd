package cli

import (
	"github.com/schollz/progressbar/v3"

	"github.com/thawlog/thaw/core/escape"
)

// bar shows on a terminal how many lines are written, and how fast.
type bar struct{ shown *progressbar.ProgressBar } // nil: show nothing

func (a *app) bar(dir string) *bar {
	if !a.env.Terminal {
		return &bar{}
	}
	b := &bar{progressbar.NewOptions64(-1, // a pipe does not say how many will come
		progressbar.OptionSetWriter(a.env.Stderr),
		progressbar.OptionSetDescription(escape.Text(dir)),
		progressbar.OptionShowCount(),
		progressbar.OptionShowIts(),
		progressbar.OptionSetItsString("events"),
		progressbar.OptionThrottle(progressEvery),
		progressbar.OptionSetSpinnerChangeInterval(0), // no goroutine that outlives the command
		progressbar.OptionSetElapsedTime(false),
		progressbar.OptionClearOnFinish(),
	)}
	b.add(0) // the time that the first group takes counts
	return b
}

func (b *bar) add(lines int) {
	if b.shown != nil {
		_ = b.shown.Add(lines)
	}
}

// hide makes way for a line; the bar comes back with the next lines written.
func (b *bar) hide() {
	if b.shown != nil {
		_ = b.shown.Clear()
	}
}

// clear removes it from the line, since what is said next is for good.
func (b *bar) clear() {
	if b.shown != nil {
		_ = b.shown.Finish()
	}
}
