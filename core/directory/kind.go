package directory

import (
	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/checkpoint"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/kindnames"
	"github.com/thawlog/thaw/core/lineage"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/swap"
	"github.com/thawlog/thaw/core/synced"
	"github.com/thawlog/thaw/core/visibility"
)

// Kind is what a file holds, by its name.
type Kind uint8

// The kinds of files; see the table of the package.
const (
	// Other is a file that belongs to another program.
	Other Kind = iota
	Segment
	Artifact
	Index
	Part
	Checkpoint
	HiddenRanges
	SyncMark
	KindNames
	// Lineage is store.thaw: which store this is, and what was removed from it.
	Lineage
	// Swap is swap.thaw, while it exists: see [Resolve].
	Swap
	// Cut holds bytes that recovery cut off a segment.
	Cut
	// Temporary is a file that a writer has not renamed to its final name yet. Without
	// swap.thaw it is a leftover.
	Temporary
)

// fixedNames are the files of which a store has one.
var fixedNames = map[string]Kind{
	artifact.FileName:   Artifact,
	index.FileName:      Index,
	checkpoint.FileName: Checkpoint,
	visibility.FileName: HiddenRanges,
	synced.FileName:     SyncMark,
	kindnames.FileName:  KindNames,
	lineage.FileName:    Lineage,
	swap.FileName:       Swap,
}

// KindOf returns the kind of a file by its name.
func KindOf(name string) Kind {
	if _, ok := ParseTemporaryName(name); ok {
		return Temporary
	}
	if final, ok := swap.Final(name); ok && finalKind(final).Swappable() {
		return Temporary
	}
	return finalKind(name)
}

// finalKind is KindOf for every name but a temporary one.
func finalKind(name string) Kind {
	if kind, ok := fixedNames[name]; ok {
		return kind
	}
	if _, ok := segment.ParseName(name); ok {
		return Segment
	}
	if _, _, ok := index.ParsePartName(name); ok {
		return Part
	}
	if isCutName(name) {
		return Cut
	}
	return Other
}

// Derived reports whether the file holds an index, which can be rebuilt from segments.
func (k Kind) Derived() bool { return k.Paged() || k == Checkpoint }

// Paged reports whether each page of the file has a checksum, which is checked when
// the page is first read.
func (k Kind) Paged() bool { return k == Artifact || k == Index || k == Part }

// Latest reports whether a reader should always use the latest content of the file, even
// after it read older files: the file is small, and a writer overwrites it.
func (k Kind) Latest() bool { return k == HiddenRanges || k == SyncMark }

// Replaced reports whether a writer writes the file under a temporary name first.
func (k Kind) Replaced() bool {
	return k == Segment || k.Paged() || k == Cut || k == HiddenRanges || k == KindNames || k == Lineage || k == Swap
}

// Swappable reports whether swap.thaw can name such a file.
func (k Kind) Swappable() bool {
	return k == Segment || k.Derived() || k == HiddenRanges || k == KindNames || k == Lineage
}

// Final returns the name that a file has after a pending swap: that of its kind, of its
// format and of what it holds.
func Final(name string) string {
	if final, ok := swap.Final(name); ok && finalKind(final).Swappable() {
		return final
	}
	return name
}

// first lists the files that are looked at before the segments, except part files. last is
// looked at after the segments. store.thaw comes before everything else: see [Listing.Swapped].
var first = [...]string{lineage.FileName, artifact.FileName, index.FileName, checkpoint.FileName, synced.FileName}

const last = visibility.FileName
