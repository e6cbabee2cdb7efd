package query

import (
	"math/bits"
	"slices"

	"github.com/thawlog/thaw/core/index"
)

const (
	// maxUnion is how many lists are merged on the fly; more are gathered.
	maxUnion = 16
	// unionWindow is how many record numbers a dense union marks at once.
	unionWindow = 1024
)

// union is the set of several lists that have no record in common.
type union struct {
	lists []index.Postings
	// heads[i] is the next item of list i, valid unless it is 0 or below the record sought.
	heads []uint32
	// dense is set when a window has many members.
	dense bool
}

func (c *Cursor) union(lists []index.List) *union {
	u := &union{lists: make([]index.Postings, len(lists)), heads: make([]uint32, len(lists))}
	for i, l := range lists {
		u.lists[i].Walk(&c.Reader, l)
	}
	u.dense = uint64(u.Left())*unionWindow > 8*uint64(len(lists))*uint64(c.Count())
	return u
}

// Seek implements set.
func (u *union) Seek(record uint32) (next uint32, err error) {
	next = index.None
	for i, head := range u.heads {
		if head < record || head == 0 {
			if head, err = u.lists[i].Seek(record); err != nil {
				return index.None, err
			}
			u.heads[i] = head
		}
		next = min(next, head)
	}
	return next, nil
}

// Read implements set. A dense union marks the members of a window in a few words, which is
// cheaper than choosing the next list for each member.
func (u *union) Read(dst []uint32, first, end uint32) (n int, err error) {
	if !u.dense {
		return readBySeek(u, dst, first, end)
	}
	var some [unionWindow]uint32
	for n < len(dst) {
		if first, err = u.Seek(first); err != nil || first >= end {
			return n, err
		}
		// No more than fit into dst, so that no list advances too far.
		size := min(unionWindow, end-first, uint32(len(dst)-n))
		var marks [unionWindow / 64]uint64
		for i := range u.lists {
			if u.heads[i] >= first+size {
				continue
			}
			k, err := u.lists[i].Read(some[:size], first, first+size)
			if err != nil {
				return n, err
			}
			for _, record := range some[:k] {
				marks[(record-first)/64] |= 1 << ((record - first) % 64)
			}
			u.heads[i] = 0
		}
		for i, word := range marks {
			for ; word != 0; word &= word - 1 {
				dst[n] = first + uint32(i*64+bits.TrailingZeros64(word))
				n++
			}
		}
		first += size
	}
	return n, nil
}

// Count implements set.
func (u *union) Count(first, end uint32) (n int, err error) {
	clear(u.heads)
	for i := range u.lists {
		k, err := u.lists[i].Count(first, end)
		if err != nil {
			return 0, err
		}
		n += k
	}
	return n, nil
}

// Left implements set.
func (u *union) Left() (n int) {
	for i := range u.lists {
		n += u.lists[i].Left()
	}
	return n
}

// Rewind implements set.
func (u *union) Rewind(record uint32) error {
	clear(u.heads)
	for i := range u.lists {
		if err := u.lists[i].Rewind(record); err != nil {
			return err
		}
	}
	return nil
}

// Last implements set. Each list may add its share of the members, so that no list is read
// far.
func (u *union) Last(first, end uint32, n int) (from uint32, err error) {
	clear(u.heads)
	from = first
	for i := range u.lists {
		begin, err := u.lists[i].Last(first, end, max(n/len(u.lists), 1))
		if err != nil {
			return index.None, err
		}
		from = max(from, begin)
	}
	return from, nil
}

// A gathered set with less than one in sparse records is a sorted slice: sorting costs some
// 40 ns a member, and a bitmap some 10 ns for 64 records.
const sparse = 1024

// gather makes one set of the members of many lists, from record first up to end.
func (c *Cursor) gather(lists []index.List, total int, first, end uint32) (set, error) {
	var p index.Postings
	var some [256]uint32
	each := func(f func(records []uint32)) error {
		for i, l := range lists {
			if i%announced == 0 && len(lists) > 1 {
				c.AnnounceLists(lists[i:min(i+announced, len(lists))], false)
			}
			p.Walk(&c.Reader, l)
			for at := first; ; {
				n, err := p.Read(some[:], at, end)
				if err != nil {
					return err
				}
				f(some[:n])
				if n < len(some) {
					break
				}
				at = some[n-1] + 1
			}
		}
		return nil
	}
	if uint64(total)*sparse < uint64(c.Count()) {
		members := make([]uint32, 0, total)
		err := each(func(records []uint32) { members = append(members, records...) })
		slices.Sort(members)
		return &sorted{members: slices.Compact(members)}, err
	}
	b := &bitmap{words: make([]uint64, (c.Count()+63)/64)}
	err := each(func(records []uint32) {
		for _, record := range records {
			b.words[record/64] |= 1 << (record % 64)
		}
		b.left += len(records)
	})
	return b, err
}
