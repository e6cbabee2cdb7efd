package host

import (
	"errors"
	"time"
)

// CloseReport describes the index that a close wrote.
type CloseReport struct {
	// IndexWritten reports whether the close wrote index.fbati and index.thaw, or a
	// part file after them.
	IndexWritten bool
	// IndexError is the reason an index could not be written. The events are safe; the
	// next open reads them from the segments.
	IndexError error
	Took       time.Duration
}

// CloseReport returns the report of the close. It is empty before Close.
func (s *Store) CloseReport() CloseReport {
	s.entering.Lock()
	defer s.entering.Unlock()
	return s.report
}

// Close waits for the appends in progress, makes everything durable, seals the segment,
// writes an index if the flush policy asks for one, and releases the lock. It waits for an
// index that is being written. An error means that events which were not yet durable may
// be lost; CloseReport has errors that concern only the index. Iterations in progress
// continue. A second Close returns [ErrClosed].
func (s *Store) Close() error {
	start := time.Now()
	s.entering.Lock()
	if s.closing {
		s.entering.Unlock()
		return ErrClosed
	}
	s.closing = true
	close(s.closed)
	s.entering.Unlock()
	s.flusher.closing.Store(true)
	s.inside.Wait()
	close(s.requests)
	<-s.quit
	err := s.writer.finish()
	s.flusher.close()
	report := CloseReport{}
	if err == nil {
		end := s.versions.end()
		s.flusher.tags = nil
		report.IndexWritten, report.IndexError = s.flusher.write(end, s.writer.atClose())
		if report.IndexWritten && report.IndexError == nil {
			report.IndexError = s.flusher.mergeAtClose(end)
		}
		if e := report.IndexError; e != nil {
			s.flusher.index.notWritten(e)
		} else {
			s.flusher.noteSealed(end)
			s.flusher.unread = report.IndexWritten
			s.flusher.mergeSegments(flushClosing, closeSegments)
		}
	}
	// Free the memory even if the caller keeps the closed store.
	s.writer, s.flusher, s.requests = nil, nil, nil
	err = errors.Join(err, s.versions.close(), s.mover.close(), s.unlock())
	report.Took = time.Since(start)
	s.entering.Lock()
	s.report = report
	s.entering.Unlock()
	return err
}
