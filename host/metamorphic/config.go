package metamorphic

import (
	"fmt"
	"strings"

	"github.com/thawlog/thaw/core/flush"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/internal/tuning"
)

// dimension is one way in which runs of a script differ.
type dimension struct {
	name   string
	values []string
}

var dimensions = []dimension{
	{"segments", []string{"tiny", "small", "medium", "large"}},
	{"tails", []string{"default", "short", "often", "merged"}},
	{"doors", []string{"single", "batch", "each", "fence", "mixed"}},
	{"stops", []string{"never", "clean", "unclean", "backup", "mixed"}},
	{"derived", []string{"kept", "lost", "rebuilt", "mixed"}},
	{"files", []string{"memory", "memory", "memory", "memory", "memory", "memory", "memory", "memory", "disk", "mapped"}},
	{"merging", []string{"off", "on"}},
	{"durability", []string{"on disk", "lose unsynced"}},
}

// config is one value of each dimension.
type config map[string]string

// configurations is how many there are.
func configurations() (n uint64) {
	n = 1
	for _, d := range dimensions {
		n *= uint64(len(d.values))
	}
	return n
}

// configuration returns the n-th configuration.
func configuration(n uint64) config {
	c := config{}
	for _, d := range dimensions {
		c[d.name] = d.values[n%uint64(len(d.values))]
		n /= uint64(len(d.values))
	}
	return c
}

func (c config) String() string {
	var all []string
	for _, d := range dimensions {
		all = append(all, fmt.Sprintf("%s %s", d.name, c[d.name]))
	}
	return strings.Join(all, ", ")
}

// options are a writer's options under the configuration.
func (c config) options() (o host.Options) {
	o.SegmentSize = map[string]int64{"tiny": 1, "small": 1500, "medium": 8000, "large": 0}[c["segments"]]
	switch c["tails"] {
	case "short":
		o.TailLimit = 300
	case "often": // an index at each rotation and each close, which is merged with those before
		tuning.Set(&o, tuning.Flushes{
			Policy:     flush.Policy{CloseWeight: 1, OpenWeight: 1, CloseShare: 1, OpenShare: 1, PartShare: 1},
			InRotation: true,
		})
	case "merged": // many short parts, which are merged beside the appends
		tuning.Set(&o, tuning.Flushes{
			Policy: flush.Policy{CloseWeight: 1, OpenWeight: 1, CloseShare: 2, OpenShare: 2, PartShare: 1, Limit: 8, Fan: 2, BaseShare: 2, MostParts: 3},
		})
	}
	if c["durability"] == "lose unsynced" {
		o.Durability = host.LoseUnsynced
	}
	return o
}
