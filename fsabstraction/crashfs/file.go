package crashfs

import (
	"slices"
	"time"
)

// file is a regular file under any name. FS.mu guards it.
type file struct {
	live, synced content

	// changed reports whether anything changed since the last sync; if not, live and synced
	// share their blocks slice and blocks is nil.
	changed bool
	blocks  []blockState // of live.blocks
	low     int64        // the smallest length since the last sync

	modTime int64
	locked  bool
}

type blockState uint8

const (
	dirty blockState = 1 << iota // written since the last sync
	owned                        // in no other content, so it may be modified
)

func (f *file) beginChange() {
	f.modTime = time.Now().UnixNano()
	if f.changed {
		return
	}
	f.changed = true
	f.low = f.live.size
	f.live.blocks = slices.Clone(f.live.blocks)
	f.blocks = make([]blockState, len(f.live.blocks))
}

// own returns block i of live for modification.
func (f *file) own(i int) *block {
	if f.blocks[i]&owned == 0 {
		b := new(block)
		if old := f.live.blocks[i]; old != nil {
			*b = *old
		}
		f.live.blocks[i] = b
		f.blocks[i] |= owned
	}
	return f.live.blocks[i]
}

func (f *file) setBlockCount(n int) {
	if have := len(f.blocks); n <= have {
		f.live.blocks, f.blocks = f.live.blocks[:n], f.blocks[:n]
		return
	}
	more := n - len(f.blocks)
	f.live.blocks = append(f.live.blocks, make([]*block, more)...)
	f.blocks = append(f.blocks, make([]blockState, more)...)
}

func (f *file) write(p []byte, off int64) {
	if len(p) == 0 {
		return
	}
	f.beginChange()
	if end := off + int64(len(p)); end > f.live.size {
		f.setBlockCount(blockCount(end))
		f.live.size = end
	}
	for n := 0; n < len(p); {
		pos := off + int64(n)
		i := int(pos / blockSize)
		n += copy(f.own(i)[pos%blockSize:], p[n:])
		f.blocks[i] |= dirty
	}
}

func (f *file) truncate(size int64) {
	f.beginChange()
	f.low = min(f.low, size)
	f.setBlockCount(blockCount(size))
	if tail := size % blockSize; size < f.live.size && tail != 0 {
		clear(f.own(blockCount(size) - 1)[tail:])
	}
	f.live.size = size
}

func (f *file) sync() {
	f.synced = f.live
	f.changed, f.blocks = false, nil
}
