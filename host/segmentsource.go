package host

import (
	"errors"
	"sync/atomic"

	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/fsabstraction/scarce"
)

// segmentSource reads one segment, whose file is opened when it is needed and
// may be closed again between reads.
type segmentSource struct {
	directory *directory
	name      string
	info      fsabstraction.Info // when it was first asked for
	size      atomic.Int64       // as last looked at

	// Guarded by directory.mu:
	file       *file // nil when closed
	readers    int
	prev, next *segmentSource // in the list of open segments
}

// Size is the size when the segment was last looked at.
func (s *segmentSource) Size() int64 { return s.size.Load() }

// ReadAt opens the file if need be. When its name leads to another file than
// the one that was looked at, the error is [source.ErrGone]. Where no more files can be
// opened, it first closes segments that nobody reads.
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

// open opens the file and makes sure that it is the one that was looked at.
func (s *segmentSource) open() (*file, error) {
	f, err := s.directory.openFile(scarce.Inner(s.directory.options.FS), s.name)
	if err != nil {
		return nil, err
	}
	if err := f.check(s.info); err != nil {
		return nil, errors.Join(err, f.close())
	}
	return f, nil
}

func (s *segmentSource) release() {
	d := s.directory
	d.mu.Lock()
	defer d.mu.Unlock()
	s.readers--
	d.open.trim(d.options.OpenSegments) // when more were read at once than may stay open
}

// openList is the open segments, the last used in front.
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

// trim closes the segments that were not used for longest, those that are being
// read excepted, until at most n are open, and returns how many it has closed. The
// last one that was used stays unless n is 0.
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

// CloseIdle implements scarce.Holder: it closes the segments that nobody reads.
func (d *directory) CloseIdle() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.open.trim(0)
}
