package interop

import "context"

// Compaction is a strategy of batpak's compaction.
type Compaction string

const (
	// Merge copies the frames of sealed segments.
	Merge Compaction = ""
	// Retain rewrites every frame from what batpak decoded of it, and drops none.
	Retain Compaction = "--retain"
	// Tombstone is Retain by another path of batpak's; it marks no event.
	Tombstone Compaction = "--tombstone"
)

// Compact makes batpak open the store in dir, compact all sealed segments into one, and close
// properly.
func (p *Program) Compact(ctx context.Context, dir string, how Compaction) error {
	args := []string{"compact", dir}
	if how != Merge {
		args = append(args, string(how))
	}
	_, err := run(ctx, "", p.path, args...)
	return err
}
