package index

import (
	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/source"
)

// Image is the records and names that tables lead into: an index.fbati where
// it lies, or the same bytes in memory.
type Image struct {
	// Names holds the string table from NamesAt on, NamesSize bytes long.
	Names              source.Source
	NamesAt, NamesSize uint64
	// Records holds Count records from RecordsAt on.
	Records   source.Source
	RecordsAt uint64
	Count     uint32
}

// FileImage returns the image inside the index.fbati that src holds and h heads.
func FileImage(src source.Source, h *artifact.Header) Image {
	return Image{
		Names:     src,
		NamesAt:   artifact.HeaderSize,
		NamesSize: h.TableSize,
		Records:   src,
		RecordsAt: h.RecordsAt(),
		Count:     uint32(h.Records),
	}
}

// DraftImage returns the image of what d holds now. It aliases the records, which
// d may only add to from then on.
func DraftImage(d *artifact.Draft) Image {
	names := d.AppendNames(nil)
	return Image{
		Names:     source.Bytes(names),
		NamesSize: uint64(len(names)),
		Records:   d.Records(),
		Count:     uint32(d.Len()),
	}
}

// RunImage returns the records of a run, without names.
func RunImage(r artifact.Run) Image {
	src, at := r.Records()
	return Image{Names: source.Bytes(nil), Records: src, RecordsAt: at, Count: uint32(r.Len())}
}
