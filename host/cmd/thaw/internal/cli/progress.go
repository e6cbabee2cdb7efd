package cli

import (
	"fmt"
	"io"
	"time"

	"github.com/thawlog/thaw/core/escape"
)

const (
	progressAfter = time.Second            // shorter work shows nothing
	progressEvery = 200 * time.Millisecond // between two updates
)

// progress shows a percentage on a terminal, and nothing elsewhere.
type progress struct {
	w     io.Writer // nil: show nothing
	what  string
	next  time.Time
	shown bool
}

func (a *app) progress(what string) *progress {
	p := &progress{what: escape.Text(what), next: time.Now().Add(progressAfter)}
	if a.env.Terminal {
		p.w = a.env.Stderr
	}
	return p
}

func (p *progress) report(done, total uint64) {
	if p.w == nil || total == 0 || time.Now().Before(p.next) {
		return
	}
	p.next = time.Now().Add(progressEvery)
	p.shown = true
	fmt.Fprintf(p.w, "\r%s: %d %% ", p.what, int(float64(done)*100/float64(total)))
}

// clear removes the percentage from the line.
func (p *progress) clear() {
	if p.shown {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}
