// Package golden derives the expected output of the command for a fixture from batpak's
// output. Only tests import it.
package golden

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// keys are the keys of a line that Lines reads.
type keys struct {
	ID  string `json:"event_id"`
	Own int64  `json:"timestamp_us"`
}

// Lines returns the output of thaw dump and thaw dump --payloads for the fixture in dir:
// the lines of expected.jsonl with the times of payloads.jsonl, and the lines of
// payloads.jsonl with the keys that identify the event. Both are in the order of
// expected.jsonl; payloads.jsonl of compacted-tail is in the order of batpak, which
// numbers that tail wrongly.
func Lines(dir string) (plain, payloads string, err error) {
	expected, err := os.ReadFile(filepath.Join(dir, "expected.jsonl"))
	if err != nil {
		return "", "", err
	}
	more, err := os.ReadFile(filepath.Join(dir, "payloads.jsonl"))
	if err != nil {
		return "", "", err
	}
	byID, own := map[string][]byte{}, map[string]int64{}
	for line := range bytes.Lines(more) {
		var k keys
		if err := json.Unmarshal(line, &k); err != nil {
			return "", "", err
		}
		byID[k.ID], own[k.ID] = line, k.Own
	}
	var out, with []byte
	for line := range bytes.Lines(expected) {
		var k keys
		if err := json.Unmarshal(line, &k); err != nil {
			return "", "", err
		}
		at := bytes.LastIndex(line, []byte(`"wall_ms":`))
		out = fmt.Appendf(append(out, line[:at]...), `"timestamp_us":%d,%s`, own[k.ID], line[at:])
		if with, err = appendOwner(with, byID[k.ID], line); err != nil {
			return "", "", err
		}
	}
	return string(out), string(with), nil
}

// owner lists the keys of expected.jsonl in the line of a payload.
var owner = []string{"causation_id", "clock", "correlation_id", "entity", "kind", "scope", "seq", "wall_ms"}

// appendOwner appends a line of payloads.jsonl with some keys of its line in expected.jsonl.
func appendOwner(dst, line, expected []byte) ([]byte, error) {
	keys, from := map[string]json.RawMessage{}, map[string]json.RawMessage{}
	if err := errors.Join(json.Unmarshal(line, &keys), json.Unmarshal(expected, &from)); err != nil {
		return nil, err
	}
	for _, k := range owner {
		keys[k] = from[k]
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	err := enc.Encode(keys) // sorts them
	return append(dst, out.Bytes()...), err
}
