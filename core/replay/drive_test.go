package replay_test

import (
	"encoding/binary"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/replay"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/synced"
)

// folder is a directory of segments in memory, and records which were opened.
type folder struct {
	directory.Memory
	opened []string
}

func (f *folder) Open(name string) (source.Source, error) {
	f.opened = append(f.opened, name)
	return f.Memory.Open(name)
}

func folderOf(makers ...*maker) *folder {
	f := &folder{Memory: directory.Memory{}}
	for _, m := range makers {
		f.Memory[segment.Name(m.id)] = m.b
	}
	return f
}

// drive reads files from a place on.
func drive(t *testing.T, files directory.Files, from replay.Place, in replay.Segments) (*replay.Scan, error) {
	l, err := directory.List(files)
	require.NoError(t, err)
	require.NoError(t, l.LookFrom(from.Segment))
	in.Files, in.Listing = files, l
	s := replay.NewScan(replay.NewLog(0, 0), from, nil)
	return s, s.Drive(in)
}

func numbersOf(s *replay.Scan) (events []uint64) {
	for i := range s.Log().Committed() {
		id := s.Log().Draft().At(i).ID()
		events = append(events, binary.BigEndian.Uint64(id[8:])-1000)
	}
	return events
}

func reasons(s *replay.Scan) (out []damage.Reason) {
	for _, d := range s.Report().Damages {
		out = append(out, d.Reason)
	}
	return out
}

// TestDrive checks which segments are read, from where and up to where.
func TestDrive(t *testing.T) {
	one := newSegment(1).event(0, 1).event(1, 2).seal()
	two := newSegment(2).event(2, 3).event(3, 4).seal()
	three := newSegment(3).event(4, 5).event(5, 6)
	at := func(m *maker, offset int) replay.Place { return replay.Place{Segment: m.id, Offset: uint64(offset)} }
	to := func(m *maker, offset int) *replay.Place { p := at(m, offset); return &p }
	for name, c := range map[string]struct {
		from    replay.Place
		to      *replay.Place
		mark    *synced.Mark
		want    []uint64
		opened  []string
		damages []damage.Reason
	}{
		"all": {
			want: []uint64{0, 1, 2, 3, 4, 5}, opened: []string{"000001.fbat", "000002.fbat", "000003.fbat"},
		},
		"from inside a segment": {
			from: at(two, two.frames[1].from), want: []uint64{3, 4, 5}, opened: []string{"000002.fbat", "000003.fbat"},
		},
		"from the end of a segment": {
			from: at(two, len(two.b)), want: []uint64{4, 5}, opened: []string{"000003.fbat"},
		},
		"from the end of the newest": {
			from: at(three, len(three.b)),
		},
		"from the end of the newest, as long as the mark says": {
			from: at(three, len(three.b)), mark: &synced.Mark{Segment: 3, Offset: three.size()},
		},
		"from the end of the newest, which is shorter than the mark says": {
			from: at(three, len(three.b)), mark: &synced.Mark{Segment: 3, Offset: three.size() + 1},
			opened: []string{"000003.fbat"}, damages: []damage.Reason{damage.Shortened},
		},
		"the mark is about another segment": {
			from: at(three, len(three.b)), mark: &synced.Mark{Segment: 2, Offset: 1 << 20},
		},
		"the newest is missing": {
			from: at(three, len(three.b)), mark: &synced.Mark{Segment: 4, Offset: 1},
			damages: []damage.Reason{damage.SegmentMissing},
		},
		"a newest that may never have been made": {
			from: at(three, len(three.b)), mark: &synced.Mark{Segment: 4},
		},
		"to inside a segment": {
			to: to(two, two.frames[0].to), want: []uint64{0, 1, 2}, opened: []string{"000001.fbat", "000002.fbat"},
		},
		"to the end of a segment": {
			from: at(one, one.frames[1].from), to: to(two, len(two.b)),
			want: []uint64{1, 2, 3}, opened: []string{"000001.fbat", "000002.fbat"},
		},
		"to inside the segment of from": {
			from: at(two, two.frames[0].to), to: to(two, two.frames[1].to), want: []uint64{3}, opened: []string{"000002.fbat"},
		},
		"of a range the mark says nothing": {
			to: to(three, three.frames[0].to), mark: &synced.Mark{Segment: 4, Offset: 1}, want: []uint64{0, 1, 2, 3, 4},
			opened: []string{"000001.fbat", "000002.fbat", "000003.fbat"},
		},
		"to nothing": {to: &replay.Place{}},
	} {
		files := folderOf(one, two, three)
		var after []string
		s, err := drive(t, files, c.from, replay.Segments{
			To: c.to, Mark: c.mark, After: func(seg directory.SegmentEntry) { after = append(after, seg.Name) },
		})
		require.NoError(t, err, name)
		require.Equal(t, c.want, numbersOf(s), name)
		require.Equal(t, c.opened, files.opened, name)
		require.Equal(t, c.opened, after, name)
		require.Equal(t, c.damages, reasons(s), name)
		require.Nil(t, s.Report().Torn, name)
	}
}

// TestDriveNewest: only the newest segment may end in a frame that is cut
// short, and none when the log continues after To.
func TestDriveNewest(t *testing.T) {
	one, two := newSegment(1).event(0, 1).event(1, 2).cut(3), newSegment(2).event(2, 3).event(3, 4).cut(3)
	files := folderOf(one, two)
	s, err := drive(t, files, replay.Place{}, replay.Segments{})
	require.NoError(t, err)
	require.Equal(t, []damage.Reason{damage.Torn}, reasons(s))
	require.Equal(t, "000001.fbat", s.Report().Damages[0].File)
	require.Equal(t, "000002.fbat", s.Report().Torn.File)

	s, err = drive(t, files, replay.Place{}, replay.Segments{To: &replay.Place{Segment: 2, Offset: 1 << 20}})
	require.NoError(t, err)
	require.Equal(t, []damage.Reason{damage.Torn, damage.Torn}, reasons(s))
	require.Nil(t, s.Report().Torn)
}

// refusing is a folder with a file that cannot be opened or read.
type refusing struct {
	*folder
	name    string
	failure error
	reading bool
}

func (r *refusing) Open(name string) (source.Source, error) {
	switch {
	case name != r.name:
		return r.folder.Open(name)
	case r.reading:
		return failing{source.Bytes(r.Memory[name]), r.failure}, nil
	}
	return nil, r.failure
}

type failing struct {
	source.Source
	err error
}

func (f failing) ReadAt([]byte, int64) (int, error) { return 0, f.err }

// TestDriveErrors: a segment that cannot be opened or read ends the scan, with
// its name; a segment that is shorter than its size is damage.
func TestDriveErrors(t *testing.T) {
	files := folderOf(newSegment(1).event(0, 1).seal(), newSegment(2).event(1, 2))
	read := func(name string, failure error, reading bool) (*replay.Scan, error) {
		return drive(t, &refusing{files, name, failure, reading}, replay.Place{}, replay.Segments{})
	}
	refused := errors.New("refused")
	for _, reading := range []bool{false, true} {
		for _, name := range []string{"000001.fbat", "000002.fbat"} {
			_, err := read(name, refused, reading)
			var failed *source.ReadError
			require.ErrorAs(t, err, &failed)
			require.Equal(t, name, failed.File)
			require.ErrorIs(t, err, refused)
			_, err = read(name, source.ErrGone, reading)
			require.ErrorIs(t, err, source.ErrGone)
			require.NotErrorIs(t, err, source.ErrRead)
		}
	}
	s, err := read("000001.fbat", source.ErrShort, true)
	require.NoError(t, err)
	require.Equal(t, []damage.Reason{damage.Shortened}, reasons(s))
	require.Equal(t, []uint64{1}, numbersOf(s))
}
