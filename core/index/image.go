package index

import (
	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/source"
)

// Image is an index image: the records and names that an index leads into. It
// is an index.fbati file, or the same bytes in memory.
type Image struct {
	// Names holds the string table from NamesAt on, NamesSize bytes long.
	Names              source.Source
	NamesAt, NamesSize uint64
	// Records holds Count records from RecordsAt on.
	Records   source.Source
	RecordsAt uint64
	Count     uint32
}

// FileImage returns the image in the index.fbati file src with header h.
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

// DraftImage returns the image of d's present content. It aliases the records;
// from then on records may only be added to d.
func DraftImage(d *artifact.Draft) Image {
	names := d.AppendNames(nil)
	return Image{
		Names:     source.Bytes(names),
		NamesSize: uint64(len(names)),
		Records:   d.Records(),
		Count:     uint32(d.Len()),
	}
}

// RunImage returns the image of the records of a run, without names.
func RunImage(r artifact.Run) Image {
	src, at := r.Records()
	return Image{Names: source.Bytes(nil), Records: src, RecordsAt: at, Count: uint32(r.Len())}
}
