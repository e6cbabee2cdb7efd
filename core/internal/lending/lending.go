// Package lending provides a store's directory whose files lend their bytes from a tiny
// cache, as in WebAssembly, and spoil the memory of every block that they may use again. Only
// tests import it.
package lending

import (
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/source"
)

// Size is the size of a block, in bytes.
const Size = 4096

// Files is a directory whose files lend. Each keeps at most Most blocks. It is for one
// goroutine.
type Files struct {
	directory.Memory
	Most int
	// Breaks makes the files break the rule of [source.Lender]: they use the memory of
	// blocks that were lent again.
	Breaks bool
	// Lent counts the calls that lent something, Absent those that would have had to read.
	Lent, Absent int
	// After, unless 0, is how many blocks can be read before those of the file Rots turn bad.
	After int
	Rots  string
	// Err, unless nil, is the error of every read.
	Err error

	open map[string]*File
}

// Open implements directory.Files.
func (f *Files) Open(name string) (source.Source, error) {
	b, ok := f.Memory[name]
	if !ok {
		return nil, source.ErrGone
	}
	if f.open == nil {
		f.open = map[string]*File{}
	}
	if f.open[name] == nil {
		f.open[name] = &File{files: f, name: name, b: b}
	}
	return f.open[name], nil
}

// File is a file of [Files].
type File struct {
	files  *Files
	name   string
	b      []byte
	blocks []block // the one used last comes last
}

type block struct {
	number uint64
	bytes  []byte
	lent   bool
}

// Size implements source.Source.
func (f *File) Size() int64 { return int64(len(f.b)) }

// block returns a block, after reading it if it must.
func (f *File) block(number uint64) (*block, error) {
	for i := range f.blocks {
		if f.blocks[i].number == number {
			found := f.blocks[i]
			f.blocks = append(append(f.blocks[:i], f.blocks[i+1:]...), found)
			return &f.blocks[len(f.blocks)-1], nil
		}
	}
	if f.files.Err != nil {
		return nil, f.files.Err
	}
	if len(f.blocks) >= f.files.Most {
		if first := f.blocks[0]; !first.lent || f.files.Breaks {
			for i := range first.bytes {
				first.bytes[i] = 0xDD
			}
		}
		f.blocks = append(f.blocks[:0], f.blocks[1:]...)
	}
	b := append([]byte{}, f.b[number*Size:min((number+1)*Size, uint64(len(f.b)))]...)
	if f.files.Rots == f.name {
		if f.files.After--; f.files.After < 0 {
			b[len(b)/2] ^= 1
		}
	}
	f.blocks = append(f.blocks, block{number: number, bytes: b})
	return &f.blocks[len(f.blocks)-1], nil
}

func (f *File) has(number uint64) bool {
	for i := range f.blocks {
		if f.blocks[i].number == number {
			return true
		}
	}
	return false
}

// ReadAt implements source.Source.
func (f *File) ReadAt(p []byte, off int64) (n int, err error) {
	for n < len(p) {
		at := uint64(off) + uint64(n)
		if at >= uint64(len(f.b)) {
			return n, source.ErrShort
		}
		b, err := f.block(at / Size)
		if err != nil {
			return n, err
		}
		n += copy(p[n:], b.bytes[at%Size:])
	}
	return n, nil
}

// Lends implements source.Lender.
func (f *File) Lends() bool { return true }

// Lend implements source.Lender.
func (f *File) Lend(off, n uint64, read bool) (b []byte, start uint64, err error) {
	size := uint64(len(f.b))
	if off > size || n > size-off {
		return nil, 0, source.ErrShort
	}
	number := off / Size
	if n == 0 || (off+n-1)/Size != number {
		return nil, 0, nil
	}
	if !read && !f.has(number) {
		f.files.Absent++
		return nil, 0, source.ErrAbsent
	}
	lent, err := f.block(number)
	if err != nil {
		return nil, 0, err
	}
	lent.lent = true
	f.files.Lent++
	return lent.bytes, number * Size, nil
}
