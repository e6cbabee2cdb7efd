package crashfs

import "slices"

// change is one change of names that a power cut may undo. Without file and directory it is
// a removal, with from a rename.
type change struct {
	dir     *directory
	entry   entry
	from    *directory
	oldName string
}

// record applies a change to the live listings.
func (s *FS) record(c change) {
	if c.from != nil {
		c.from.live = c.from.live.without(c.oldName)
	}
	if c.entry.file == nil && c.entry.dir == nil {
		c.dir.live = c.dir.live.without(c.entry.name)
	} else {
		c.dir.live = c.dir.live.with(c.entry)
	}
	s.changes = append(s.changes, c)
}

// syncDir makes the names in d durable, and those of another directory that shares a rename
// with d: half a rename must not become durable.
func (s *FS) syncDir(d *directory) {
	synced := map[*directory]bool{d: true}
	for grown := true; grown; {
		grown = false
		for _, c := range s.changes {
			if c.from != nil && synced[c.from] != synced[c.dir] {
				synced[c.from], synced[c.dir] = true, true
				grown = true
			}
		}
	}
	for d := range synced {
		d.synced = d.live
	}
	s.changes = slices.DeleteFunc(s.changes, func(c change) bool { return synced[c.dir] })
}

// survivors has the listings of directories after some of the changes.
type survivors map[*directory]listing

func (v survivors) of(d *directory) listing {
	if l, ok := v[d]; ok {
		return l
	}
	return d.synced
}

// apply applies changes[i], whichever earlier changes were applied.
func (v survivors) apply(changes []change, i int) {
	c := changes[i]
	if c.from != nil {
		// If an earlier rename of the file was lost, the file still has that old name; it
		// must not end up with two.
		for _, earlier := range changes[:i] {
			if earlier.from != nil {
				v.drop(earlier.from, earlier.oldName, c.entry)
			}
		}
		v[c.from] = v.of(c.from).without(c.oldName)
	}
	if c.entry.file == nil && c.entry.dir == nil {
		v[c.dir] = v.of(c.dir).without(c.entry.name)
	} else {
		v[c.dir] = v.of(c.dir).with(c.entry)
	}
}

func (v survivors) drop(d *directory, name string, moved entry) {
	if e, ok := v.of(d).get(name); ok && e.file == moved.file && e.dir == moved.dir {
		v[d] = v.of(d).without(name)
	}
}
