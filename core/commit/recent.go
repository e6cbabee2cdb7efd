package commit

import "github.com/thawlog/thaw/core/artifact"

const (
	// recentHeads bounds the number of heads that a log keeps of entities whose events it
	// forgot, unless the last draft had more. One takes about 100 bytes, so all take 13 MB. Asking the history takes a
	// search and a few scattered reads in each index file.
	recentHeads = 1 << 17
	// recentDrafts bounds the searches of one look-up.
	recentDrafts = 4
)

// recent holds the heads of entities that had events in the last drafts that the log
// dropped, so that the history is seldom asked for them. They hold for an entity without an
// event in a later draft; the log's own draft goes first.
type recent struct {
	drafts []recentDraft // the last one first
}

// recentDraft is what remains of a draft.
type recentDraft struct {
	names artifact.Names
	heads []head // by number of the name
}

// add keeps the heads of a draft that the log drops.
func (r *recent) add(d *artifact.Draft, heads []head) {
	kept, count := []recentDraft{{names: d.KeepNames(), heads: heads}}, len(heads)
	for _, old := range r.drafts {
		if count+len(old.heads) > recentHeads || len(kept) == recentDrafts {
			break
		}
		kept, count = append(kept, old), count+len(old.heads)
	}
	r.drafts = kept
}

// find returns an entity's head.
func (r *recent) find(entity []byte) (h head, ok bool) {
	for i := range r.drafts {
		d := &r.drafts[i]
		if n, ok := d.names.Find(entity); ok && int(n) < len(d.heads) && d.heads[n].known {
			return d.heads[n], true
		}
	}
	return head{}, false
}

// forgetHeads makes the log ask the history again for the last events of entities without
// an event in the log.
func (l *Log) forgetHeads() { l.recent = recent{} }
