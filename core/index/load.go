package index

import (
	"sync/atomic"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/pages"
	"github.com/thawlog/thaw/core/source"
)

// File is an index file whose header was read.
type File struct {
	name string
	src  source.Source
	h    header
	a    artifact.Header
	lay  layout
}

// ReadFile reads the header of an index file: one page, for any size of file.
// name is the file's, for errors. The error is a [damage.Refusal] of reason
// short, magic, version, checksum, length, lookups, unreadable, or one of an
// artifact's header.
func ReadFile(name string, src source.Source) (*File, error) {
	f, err := readFile(name, src)
	if r, ok := err.(*damage.Refusal); ok {
		r.File = name
	}
	return f, err
}

func readFile(name string, src source.Source) (*File, error) {
	page := make([]byte, min(max(src.Size(), 0), pages.Size))
	if err := source.Read(src, page, 0); err != nil {
		return nil, damage.Refuse(damage.Unreadable, 0, err)
	}
	f := &File{name: name, src: src}
	if err := f.h.decode(page, src.Size()); err != nil {
		return nil, err
	}
	var err error
	if f.a, err = artifact.DecodeHeader(f.h.head[:], int64(f.h.size)); err != nil {
		return nil, damage.Refuse(damage.Lookups, offHead, err)
	}
	if err := f.h.layout(&f.a, &f.lay); err != nil {
		return nil, err
	}
	return f, nil
}

// Name returns the file's name.
func (f *File) Name() string { return f.name }

// Artifact returns the header of the artifact that the index belongs to.
func (f *File) Artifact() artifact.Header { return f.a }

// ArtifactSize returns the artifact's length.
func (f *File) ArtifactSize() uint64 { return f.h.size }

// From returns the start of the artifact's records.
func (f *File) From() artifact.Watermark { return f.h.from }

// Seed returns the seed of the index: see [Input].
func (f *File) Seed() uint64 { return f.h.nameSeed }

// Segments returns the digest of the ids of the segments that the records lie
// in and between.
func (f *File) Segments() uint64 { return f.h.segments }

// Contained reports whether the file contains the artifact.
func (f *File) Contained() bool { return f.h.contained() }

// Belongs reports whether the index was built from the artifact that is size
// bytes long and starts with head.
func (f *File) Belongs(head []byte, size int64) bool {
	return string(head) == string(f.h.head[:]) && size == int64(f.h.size)
}

// Follows reports whether the records can follow records with sequences below
// taken.
func (f *File) Follows(taken uint64) bool { return f.a.Records == 0 || f.h.first >= taken }

// Index returns the index and its image. Each page of both is checked when it
// is first read. outside is the artifact unless the file contains it, and name
// is its file name.
func (f *File) Index(outside source.Source, name string) (Image, *Index) {
	t := &Index{
		records: uint32(f.a.Records), strings: f.a.Strings,
		nameSeed: f.h.nameSeed, idSeed: f.h.idSeed, flags: f.h.flags &^ flagContained,
		first: f.h.first, last: f.h.last, saved: f,
	}
	checked := func(name string, src source.Source, at, size uint64, sums source.Source, page uint64) *pages.Checked {
		c := pages.NewChecked(name, src, at, size, sums, page*pages.SumSize)
		t.checked = append(t.checked, c)
		return c
	}
	var sums source.Source = source.Bytes(f.h.top[:f.lay.top()*pages.SumSize])
	for i := len(f.lay.levels) - 1; i >= 0; i-- {
		e := f.lay.levels[i]
		sums = checked(f.name, f.src, e.at, e.size, sums, 0)
	}
	own := checked(f.name, f.src, pages.Size, f.lay.summed-pages.Size, sums, f.lay.outside)
	t.own, t.image, t.direct = own, own, new(atomic.Pointer[direct])
	if !f.Contained() {
		t.image = checked(name, outside, 0, f.h.size, sums, 0)
	}
	f.parts(&t.section, own)
	return FileImage(source.Part(t.image, 0, f.h.size), &f.a), t
}

// parts sets the sections of the file whose pages src has.
func (f *File) parts(section *[sections]source.Source, src source.Source) {
	for i, e := range f.lay.sections {
		section[i] = source.Part(src, e.at-pages.Size, e.size)
	}
}

// direct holds the sources of an index and its image for scattered reads. They read the files
// themselves, but for three sections that have some 20 bytes a name: those are read through the
// mapping, which can take no more memory than that.
type direct struct {
	image   source.Source
	section [sections]source.Source
}

// Direct returns img, which t leads into, with records that are read as [Reader.Direct] does.
func (t *Index) Direct(img Image) Image {
	if d := t.directly(); d != nil {
		img.Records = d.image
	}
	return img
}

// directly returns the sources for scattered reads, nil if they are those of t itself.
func (t *Index) directly() *direct {
	if t.own == nil {
		return nil
	}
	d := t.direct.Load()
	if d == nil {
		d = &direct{image: source.Part(t.image.Direct(), 0, t.saved.h.size)}
		t.saved.parts(&d.section, t.own.Direct())
		for _, section := range [...]int{secNames, secNameSlots, secEntityEnds} {
			d.section[section] = t.section[section]
		}
		t.direct.Store(d)
	}
	return d
}
