package host

import (
	"errors"
	"time"
)

// CloseReport says what a close did besides making the log durable.
type CloseReport struct {
	// IndexWritten says that index.fbati and index.thaw were written anew, or a
	// part file behind them.
	IndexWritten bool
	// IndexError is why it could not be. The events are safe; the next open reads
	// them from the segments.
	IndexError error
	Took       time.Duration
}

// CloseReport tells about the close. It is empty before.
func (s *Store) CloseReport() CloseReport {
	s.entering.Lock()
	defer s.entering.Unlock()
	return s.report
}

// Close lets the appends that are under way end, makes everything durable, seals
// the segment, writes an index when that is worth it, and gives up the lock. It
// waits for an index that is being written, which is not stopped half way. An error
// means that something that was not yet durable may be lost; trouble with an index
// alone is in CloseReport. Iterations under way go on. A second Close is [ErrClosed].
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
	s.inside.Wait()
	close(s.requests)
	<-s.quit
	err := s.writer.finish()
	s.flusher.close()
	report := CloseReport{}
	if err == nil {
		report.IndexWritten, report.IndexError = s.flusher.write(s.versions.end(), s.writer.atClose())
		if e := report.IndexError; e != nil {
			s.flusher.index.notWritten(e)
		}
	}
	// A closed store that somebody keeps holds nothing of what it read and wrote.
	s.writer, s.flusher, s.requests = nil, nil, nil
	err = errors.Join(err, s.versions.close(), s.unlock())
	report.Took = time.Since(start)
	s.entering.Lock()
	s.report = report
	s.entering.Unlock()
	return err
}
