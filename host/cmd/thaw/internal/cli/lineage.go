package cli

import (
	"fmt"
	"time"

	"github.com/thawlog/thaw/host"
)

// written reports whether a store has a lineage besides the id of its first event.
func written(l *host.Lineage) bool { return l.Generation > 0 || l.Origin != nil || len(l.Removals) > 0 }

type lineageJSON struct {
	Store      string        `json:"store"`
	Generation uint64        `json:"generation"`
	Origin     *originJSON   `json:"origin"`
	Removals   []removalJSON `json:"removals"`
}

type removalJSON struct {
	Generation uint64 `json:"generation"`
	Mode       string `json:"mode"`
	First      uint64 `json:"first"`
	End        uint64 `json:"end"`
	Events     uint64 `json:"events"`
	WallMS     uint64 `json:"wall_ms"`
}

func lineageOf(l *host.Lineage) lineageJSON {
	out := lineageJSON{Store: l.Identity.String(), Generation: l.Generation, Removals: []removalJSON{}}
	if l.Origin != nil {
		out.Origin = &originJSON{l.Origin.Store.String(), l.Origin.Sequence}
	}
	for _, r := range l.Removals {
		out.Removals = append(out.Removals, removalJSON{r.Generation, r.Mode.String(), r.First, r.End, r.Events, r.WallMS})
	}
	return out
}

// lineageRows prints the rows of a lineage.
func lineageRows(t table, l *host.Lineage) {
	if !written(l) {
		return
	}
	t.row("identity", "%s, generation %d", l.Identity, l.Generation)
	if l.Origin != nil {
		t.row("forked from", "%s after sequence %d", l.Origin.Store, l.Origin.Sequence)
	}
	rows(t, "removed", l.Removals, func(r host.Removal) string {
		what := counted(r.Events, "event")
		if r.Events == 0 {
			what = "events"
		}
		return fmt.Sprintf("%s %s between sequences %d and %d, on %s", what, r.Mode, r.First, r.End-1,
			time.UnixMilli(int64(min(r.WallMS, 1<<53))).UTC().Format(time.DateTime))
	})
}
