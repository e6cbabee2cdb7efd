package cli

import (
	"github.com/schollz/progressbar/v3"

	"github.com/thawlog/thaw/core/escape"
)

// bar shows the number of lines written, and the rate, on a terminal.
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
	b.add(0) // start the clock before the first group
	return b
}

func (b *bar) add(lines int) {
	if b.shown != nil {
		_ = b.shown.Add(lines)
	}
}

// hide clears the bar for a line of text; the next add shows it again.
func (b *bar) hide() {
	if b.shown != nil {
		_ = b.shown.Clear()
	}
}

// clear removes the bar before the final output.
func (b *bar) clear() {
	if b.shown != nil {
		_ = b.shown.Finish()
	}
}
