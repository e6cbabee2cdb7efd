package host

import (
	"errors"
	"sync/atomic"

	coredir "github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/fsabstraction/scarce"
)

// segmentSource reads one segment. It opens the file when needed, and may close it between
// reads.
type segmentSource struct {
	directory *directory
	name      string
	info      fsabstraction.Info // at the first request
	size      atomic.Int64       // at the last look

	// Guarded by directory.mu:
	file       *file // nil when closed
	readers    int
	prev, next *segmentSource // in the list of open segments
}

// Size returns the size at the last look at the segment.
func (s *segmentSource) Size() int64 { return s.size.Load() }

// ReadAt opens the file if necessary. If the name now leads to another file, and not because of a
// recovery, the error is [source.ErrGone]. If no more files can be opened, it first closes idle segments.
func (s *segmentSource) ReadAt(p []byte, off int64) (int, error) {
	f, err := s.acquire()
	if err != nil {
		return 0, err
	}
	defer s.release()
	return f.ReadAt(p, off)
}

func (s *segmentSource) acquire() (*file, error) {
	f, err := s.tryAcquire()
	for try := 1; try < scarce.Tries && scarce.TooManyOpen(err) && scarce.CloseIdle() > 0; try++ {
		f, err = s.tryAcquire()
	}
	return f, err
}

func (s *segmentSource) tryAcquire() (*file, error) {
	d := s.directory
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return nil, ErrClosed
	}
	if s.file == nil {
		f, err := s.open()
		if err != nil {
			return nil, err
		}
		s.file = f
		d.open.pushFront(s)
		d.open.trim(d.options.OpenSegments)
	} else if d.open.first != s {
		d.open.remove(s)
		d.open.pushFront(s)
	}
	s.readers++
	return s.file, nil
}

// open opens the file that was looked at. One that waited for a swap can have its final name by
// now, and its waiting name can be that of a file which waits for the next swap.
func (s *segmentSource) open() (*file, error) {
	f, err := s.openAs(s.name)
	if final := coredir.Final(s.name); final != s.name && errors.Is(err, source.ErrGone) {
		return s.openAs(final)
	}
	return f, err
}

// openAs opens the file of a name, and checks that it is the one looked at, or that one after a
// recovery, which has a final name. directory.mu must be held.
func (s *segmentSource) openAs(name string) (*file, error) {
	f, err := s.directory.openFile(scarce.Inner(s.directory.options.FS), name)
	if err != nil {
		return nil, err
	}
	if err := f.check(s.info); err != nil {
		if coredir.Final(name) != name || !s.directory.unswapped() {
			return nil, errors.Join(err, f.close())
		}
		s.info = f.info
	}
	return f, nil
}

func (s *segmentSource) release() {
	d := s.directory
	d.mu.Lock()
	defer d.mu.Unlock()
	s.readers--
	d.open.trim(d.options.OpenSegments) // more may have been read at once
}

// openList lists the open segments, most recently used first.
type openList struct {
	first, last *segmentSource
	count       int
}

func (l *openList) pushFront(s *segmentSource) {
	s.prev, s.next = nil, l.first
	if l.first != nil {
		l.first.prev = s
	} else {
		l.last = s
	}
	l.first = s
	l.count++
}

func (l *openList) remove(s *segmentSource) {
	if s.prev != nil {
		s.prev.next = s.next
	} else {
		l.first = s.next
	}
	if s.next != nil {
		s.next.prev = s.prev
	} else {
		l.last = s.prev
	}
	s.prev, s.next = nil, nil
	l.count--
}

// trim closes the least recently used segments, except those being read, until at most n are
// open, and returns the number closed. It keeps the most recently used one unless n is 0.
func (l *openList) trim(n int) (closed int) {
	for s := l.last; s != nil && l.count > n; {
		prev := s.prev
		if s.readers == 0 && (s != l.first || n == 0) {
			l.remove(s)
			_ = s.file.close()
			s.file = nil
			closed++
		}
		s = prev
	}
	return closed
}

// CloseIdle implements scarce.Holder: it closes all segments not being read.
func (d *directory) CloseIdle() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.open.trim(0)
}
