package main

import (
	"fmt"
	"strings"
)

// The budget, in bytes of gzip. The engine's worker, a third of which is the Go compiler's, is
// measured with the engine. The page had 1,400,000 bytes until the engine learned to read stores
// that are compacted, redacted or in the middle of a switch: 55,000 of its bytes.
const (
	mostScript = 80_000
	mostPage   = 1_460_000
)

// sizes are what the build prints, in bytes of gzip: what goes over the wire.
type sizes struct {
	page, script, worker, style, engine, sample, scratch int
	file                                                 int // the page itself, in bytes
}

func measure(p parts, page, scratch []byte) (sizes, error) {
	s := sizes{engine: len(p.engine), sample: len(p.sample), file: len(page)}
	for _, m := range []struct {
		to *int
		b  []byte
	}{{&s.page, page}, {&s.script, p.script}, {&s.worker, p.worker}, {&s.style, p.style}, {&s.scratch, scratch}} {
		b, err := compress(m.b)
		if err != nil {
			return s, err
		}
		*m.to = len(b)
	}
	s.script -= s.worker
	return s, nil
}

func (s sizes) String() string {
	var b strings.Builder
	line := func(name string, n, most int) {
		fmt.Fprintf(&b, "%-22s %9d", name, n)
		if most > 0 {
			fmt.Fprintf(&b, " of %d", most)
		}
		b.WriteByte('\n')
	}
	b.WriteString("bytes as gzip\n")
	line("inspector.html", s.page, mostPage)
	line("  its JavaScript", s.script, mostScript)
	line("  the engine's worker", s.worker, 0)
	line("  its style", s.style, 0)
	line("  the engine", s.engine, 0)
	line("  the sample store", s.sample, 0)
	line("scratch.js", s.scratch, 0)
	line("inspector.html, plain", s.file, 0)
	return b.String()
}

// check returns an error if the page exceeds the budget.
func (s sizes) check() error {
	if s.script > mostScript {
		return fmt.Errorf("the page's JavaScript exceeds its budget of %d bytes", mostScript)
	}
	if s.page > mostPage {
		return fmt.Errorf("inspector.html exceeds its budget of %d bytes", mostPage)
	}
	return nil
}
