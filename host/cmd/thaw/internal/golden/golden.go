// Package golden is what the command prints of a fixture, made from what batpak says
// of it. Only tests import it.
package golden

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// keys are those of a line that the other file's lines lack.
type keys struct {
	ID   string `json:"event_id"`
	Own  int64  `json:"timestamp_us"`
	Wall uint64 `json:"wall_ms"`
}

// Lines returns what thaw dump and thaw dump --payloads print of the fixture in dir:
// the lines of expected.jsonl and payloads.jsonl, each with the time that the other
// one has. Both are in the order of expected.jsonl; of compacted-tail payloads.jsonl is
// in the order of batpak, which numbers that tail wrongly.
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
		with = fmt.Appendf(append(with, bytes.TrimSuffix(byID[k.ID], []byte("}\n"))...), ",\"wall_ms\":%d}\n", k.Wall)
	}
	return string(out), string(with), nil
}
