package abi

import "encoding/binary"

// A row of OpExtract: the next bytes of one of the files. The number of a segment's file is
// the segment's id. PieceResult marks the last row, which is not of a file: it holds the line
// of lines.AppendExtract.
const (
	pieceLength = 0 // u32: bytes of the whole row
	pieceFile   = 4 // u32: number of the file
	pieceSize   = 8

	PieceResult = 0
	PieceNames  = 1<<32 - 1 // names.thaw
)

// AppendPiece appends a row with the next bytes of a file.
func AppendPiece(dst []byte, file uint32, b []byte) []byte {
	dst, head := grow(dst, pieceSize)
	binary.LittleEndian.PutUint32(head[pieceLength:], uint32(pieceSize+len(b)))
	binary.LittleEndian.PutUint32(head[pieceFile:], file)
	return append(dst, b...)
}

// DecodePiece decodes a row of OpExtract. b aliases raw. The error is [ErrWire].
func DecodePiece(raw []byte) (file uint32, b, rest []byte, err error) {
	r := reader{b: raw}
	head := r.take(pieceSize)
	if r.err != nil {
		return 0, nil, nil, ErrWire
	}
	n := uint64(binary.LittleEndian.Uint32(head[pieceLength:]))
	if n < pieceSize {
		return 0, nil, nil, ErrWire
	}
	b = r.take(n - pieceSize)
	if r.err != nil {
		return 0, nil, nil, ErrWire
	}
	return binary.LittleEndian.Uint32(head[pieceFile:]), b, r.b, nil
}
