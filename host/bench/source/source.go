// Package source reads the prepared store's events for the other peers, so that all hold the same ids, clocks and
// hashes. It knows just enough of index.fbati (see thaw's format description) and takes nothing from thaw itself: a
// peer must not be loaded through the code it is compared with.
package source

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"

	"github.com/vmihailenco/msgpack/v5"
	"github.com/zeebo/blake3"

	"github.com/thawlog/thaw/host/bench/workload"
)

const (
	headerSize = 56
	// RecordSize is the length of one record of index.fbati.
	RecordSize = 162

	offEntity    = 16
	offScope     = 20
	offKind      = 24
	offEventHash = 70
	offSequence  = 122
	offCausation = 146
)

// Record is one event's record as index.fbati holds it.
type Record [RecordSize]byte

// ID is the event id as it stands in the record: sixteen bytes, little-endian.
func (r *Record) ID() [16]byte { return [16]byte(r[:16]) }

// HexID is the event id as people write it, most significant byte first.
func (r *Record) HexID() string {
	return fmt.Sprintf("%016x%016x", binary.LittleEndian.Uint64(r[8:]), binary.LittleEndian.Uint64(r[:8]))
}

// Sequence is the event's global sequence.
func (r *Record) Sequence() uint64 { return binary.LittleEndian.Uint64(r[offSequence:]) }

// EntityIndex is the entity's index in the string table.
func (r *Record) EntityIndex() uint32 { return binary.LittleEndian.Uint32(r[offEntity:]) }

// Store is an opened index.fbati.
type Store struct {
	file    *os.File
	strings []string
	records int64 // offset of the first
	count   uint64
}

// Open reads the header and the string table of dir's index.fbati.
func Open(dir string) (*Store, error) {
	file, err := os.Open(filepath.Join(dir, "index.fbati"))
	if err != nil {
		return nil, err
	}
	s := &Store{file: file}
	if err := s.readHeader(); err != nil {
		file.Close()
		return nil, fmt.Errorf("source: %s: %w", file.Name(), err)
	}
	return s, nil
}

func (s *Store) readHeader() error {
	var header [headerSize]byte
	if _, err := s.file.ReadAt(header[:], 0); err != nil {
		return err
	}
	if string(header[:6]) != "FBATIX" || binary.LittleEndian.Uint16(header[6:]) != 1 {
		return errors.New("not an index.fbati of version 1")
	}
	s.count = binary.LittleEndian.Uint64(header[40:])
	tableSize := binary.LittleEndian.Uint64(header[48:])
	info, err := s.file.Stat()
	if err != nil {
		return err
	}
	if size := uint64(info.Size()); tableSize > size || s.count > size/RecordSize || headerSize+tableSize+s.count*RecordSize != size {
		return fmt.Errorf("%d bytes do not fit a table of %d and %d records", size, tableSize, s.count)
	}
	table := make([]byte, tableSize)
	if _, err := s.file.ReadAt(table, headerSize); err != nil {
		return err
	}
	s.records = headerSize + int64(tableSize)
	return msgpack.Unmarshal(table, &s.strings)
}

// Close closes the file.
func (s *Store) Close() error { return s.file.Close() }

// Len is the number of events.
func (s *Store) Len() uint64 { return s.count }

// Strings is the string table; records name entities and scopes by their index in it.
func (s *Store) Strings() []string { return s.strings }

// Entity is r's entity name.
func (s *Store) Entity(r *Record) (string, error) { return s.name(r[offEntity:]) }

// Scope is r's scope name.
func (s *Store) Scope(r *Record) (string, error) { return s.name(r[offScope:]) }

func (s *Store) name(field []byte) (string, error) {
	i := binary.LittleEndian.Uint32(field)
	if uint64(i) >= uint64(len(s.strings)) {
		return "", fmt.Errorf("source: string %d of %d", i, len(s.strings))
	}
	return s.strings[i], nil
}

// At reads record i.
func (s *Store) At(i uint64) (*Record, error) {
	var r Record
	if _, err := s.file.ReadAt(r[:], s.records+int64(i)*RecordSize); err != nil {
		return nil, fmt.Errorf("source: record %d: %w", i, err)
	}
	return &r, nil
}

// Events yields every record in sequence order. The record is overwritten by the next step.
func (s *Store) Events() iter.Seq2[*Record, error] {
	return func(yield func(*Record, error) bool) {
		section := io.NewSectionReader(s.file, s.records, int64(s.count)*RecordSize)
		in := bufio.NewReaderSize(section, 1<<20)
		var r Record
		for i := range s.count {
			if _, err := io.ReadFull(in, r[:]); err != nil {
				yield(nil, fmt.Errorf("source: record %d: %w", i, err))
				return
			}
			if !yield(&r, nil) {
				return
			}
		}
	}
}

// Check says whether r is the event that package workload describes for its sequence, and payload its payload: entity,
// scope, kind, cause and the BLAKE3 of the payload.
func (s *Store) Check(r *Record, payload []byte) error {
	i := r.Sequence()
	entity, err := s.Entity(r)
	if err != nil {
		return err
	}
	scope, err := s.Scope(r)
	if err != nil {
		return err
	}
	kind := binary.LittleEndian.Uint16(r[offKind:])
	reaction := [16]byte(r[offCausation:]) != [16]byte{}
	switch {
	case entity != workload.Entity(i, s.count), scope != workload.Scope(i, s.count):
		return fmt.Errorf("source: event %d is at %s, %s", i, entity, scope)
	case kind != workload.Kind(i):
		return fmt.Errorf("source: event %d has kind %#04x", i, kind)
	case reaction != workload.IsReaction(i):
		return fmt.Errorf("source: event %d has a cause: %v", i, reaction)
	case blake3.Sum256(payload) != [32]byte(r[offEventHash:offEventHash+32]):
		return fmt.Errorf("source: event %d has another payload", i)
	}
	return nil
}
