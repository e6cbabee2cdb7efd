package subjectkeys

import (
	"bytes"
	"encoding/binary"
	"errors"
	"maps"
	"slices"

	"github.com/zeebo/blake3"
)

// The file of a [File] keyring. Integers are little-endian.
//
//	offset  size  field     meaning
//	0       8     magic     "thawkeys"
//	8       4     version   1
//	12      4     count     number of entries
//	16      …     entries   by rising subject, none twice
//	end-32  32    checksum  BLAKE3-256 of every byte before it
//
// An entry:
//
//	size  field    meaning
//	1     state    1: a key; 2: a destroyed key
//	16    key id   no other entry has it
//	2     length   of the subject in bytes, 1 to 1024
//	…     subject  UTF-8
//	32    secret   only of a key
//
// The checksum finds damage, not tampering: who can write the file can replace its keys.
const (
	fileMagic   = "thawkeys"
	fileVersion = 1
	fileHead    = 16
	fileSum     = 32
	entryHead   = 1 + len(KeyID{}) + 2

	stateKey       = 1
	stateDestroyed = 2
)

var (
	// ErrFile: a key file is damaged, or is none.
	ErrFile = errors.New("subjectkeys: the key file is damaged")
	// ErrFileVersion: a key file is of a version that this package does not know.
	ErrFileVersion = errors.New("subjectkeys: unknown version of a key file")
)

// appendFile appends the bytes of a key file.
func appendFile(dst []byte, k keys) []byte {
	at := len(dst)
	dst = append(dst, fileMagic...)
	dst = binary.LittleEndian.AppendUint32(dst, fileVersion)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(k.subjects)))
	for _, subject := range slices.Sorted(maps.Keys(k.subjects)) {
		e := k.subjects[subject]
		state := byte(stateKey)
		if e.destroyed {
			state = stateDestroyed
		}
		dst = append(append(dst, state), e.ID[:]...)
		dst = append(binary.LittleEndian.AppendUint16(dst, uint16(len(subject))), subject...)
		if !e.destroyed {
			dst = append(dst, e.Secret[:]...)
		}
	}
	sum := blake3.Sum256(dst[at:])
	return append(dst, sum[:]...)
}

// decodeFile decodes a key file. The error is [ErrFile] or [ErrFileVersion].
func decodeFile(b []byte) (keys, error) {
	if len(b) < fileHead+fileSum || string(b[:len(fileMagic)]) != fileMagic {
		return keys{}, ErrFile
	}
	body, sum := b[:len(b)-fileSum], b[len(b)-fileSum:]
	if got := blake3.Sum256(body); !bytes.Equal(got[:], sum) {
		return keys{}, ErrFile
	}
	if binary.LittleEndian.Uint32(body[8:]) != fileVersion {
		return keys{}, ErrFileVersion
	}
	count := binary.LittleEndian.Uint32(body[12:])
	k, last := newKeys(), ""
	rest := body[fileHead:]
	for ; count > 0; count-- {
		e, after, ok := decodeEntry(rest)
		if !ok || e.Subject <= last || k.ids[e.ID] != nil {
			return keys{}, ErrFile
		}
		k.add(e)
		rest, last = after, e.Subject
	}
	if len(rest) > 0 {
		return keys{}, ErrFile
	}
	return k, nil
}

func decodeEntry(b []byte) (e *entry, rest []byte, ok bool) {
	if len(b) < entryHead {
		return nil, nil, false
	}
	e = &entry{destroyed: b[0] == stateDestroyed}
	copy(e.ID[:], b[1:])
	n := int(binary.LittleEndian.Uint16(b[entryHead-2:]))
	if b[0] != stateKey && b[0] != stateDestroyed || len(b)-entryHead < n {
		return nil, nil, false
	}
	e.Subject, rest = string(b[entryHead:entryHead+n]), b[entryHead+n:]
	if checkSubject(e.Subject) != nil {
		return nil, nil, false
	}
	if !e.destroyed {
		if len(rest) < SecretSize {
			return nil, nil, false
		}
		rest = rest[copy(e.Secret[:], rest):]
	}
	return e, rest, true
}
