package crashfs

// crash returns the surviving file, all durable.
func (f *file) crash(d *dice) *file {
	c := f.synced
	if f.changed {
		c = f.survivor(d)
	}
	return &file{live: c, synced: c, modTime: f.modTime}
}

func (f *file) survivor(d *dice) content {
	// If its truncation is lost, the file is written over its synced contents.
	cut := f.low < f.synced.size && d.survives()
	start := f.synced.size
	if cut {
		start = f.low
	}
	c := content{size: start}
	if f.live.size > start {
		c.size = f.grown(start, d)
	}
	c.blocks = make([]*block, blockCount(c.size))
	for i := range c.blocks {
		b := f.synced.at(i)
		if cut {
			b = join(b, nil, within(i, f.low))
		}
		if i < len(f.blocks) && f.blocks[i]&dirty != 0 && d.survives() {
			f.blocks[i] &^= owned
			if c.size > f.live.size { // the truncation was lost, and so were its zeros
				b = join(f.live.blocks[i], b, within(i, f.live.size))
			} else {
				b = f.live.blocks[i]
			}
		}
		c.blocks[i] = join(b, nil, within(i, c.size))
	}
	return c
}

// within returns how many bytes of block i, at least 0, are below size.
func within(i int, size int64) int {
	return int(max(0, min(blockSize, size-int64(i)*blockSize)))
}

// grown returns the length of a file that grew from start: the new one, the old one or,
// since blocks are written one after the other, a block boundary between.
func (f *file) grown(start int64, d *dice) int64 {
	if d.survives() {
		return f.live.size
	}
	first := start/blockSize + 1
	boundaries := (f.live.size-1)/blockSize - first + 1
	if !d.survives() || boundaries <= 0 {
		return start
	}
	return (first + d.below(boundaries)) * blockSize
}

// tear applies the write in progress to a file that survived a cut.
func (f *file) tear(t *Torn, d *dice) {
	data, off := t.Op.Data, t.Op.Offset
	keep := max(0, min(t.Keep, len(data)))
	f.write(data[:keep], off)
	if t.Rest != Absent {
		rest := make([]byte, len(data)-keep)
		if t.Rest == Garbage {
			for i := range rest {
				rest[i] = byte(d.pcg.Uint64())
			}
		}
		f.write(rest, off+int64(keep))
	}
	f.sync()
}
