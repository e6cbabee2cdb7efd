package osfs

import (
	"context"
	"encoding/binary"
	"errors"
	"os"
	"slices"
	"syscall"
	"time"

	"github.com/thawlog/thaw/fsabstraction"
)

var _ fsabstraction.Notifier = FS{}

// localFileSystems are the magic numbers, see statfs(2), of the file systems on which
// inotify notices every change: only this machine can change them.
var localFileSystems = []uint32{
	0xEF53,     // ext2, ext3, ext4
	0x58465342, // XFS
	0x9123683E, // Btrfs
	0xF2F52010, // F2FS
	0x2FC12FC1, // ZFS
	0xCA451A4E, // bcachefs
	0x01021994, // tmpfs
	0x858458F6, // ramfs
	0x794C7630, // overlayfs
}

// What makes a reader look again, and what ends the watch.
const (
	noticed = syscall.IN_CREATE | syscall.IN_DELETE | syscall.IN_MOVED_FROM | syscall.IN_MOVED_TO | syscall.IN_MODIFY
	ended   = syscall.IN_DELETE_SELF | syscall.IN_MOVE_SELF | syscall.IN_UNMOUNT | syscall.IN_IGNORED
)

// Notify implements fsabstraction.Notifier with inotify(7).
func (FS) Notify(dir string) (fsabstraction.Notices, error) {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(dir, &fs); err != nil {
		return nil, &os.PathError{Op: "statfs", Path: dir, Err: err}
	}
	if !slices.Contains(localFileSystems, uint32(fs.Type)) {
		return nil, errors.ErrUnsupported
	}
	fd, err := syscall.InotifyInit1(syscall.IN_CLOEXEC | syscall.IN_NONBLOCK)
	if err != nil {
		return nil, os.NewSyscallError("inotify_init1", err)
	}
	file := os.NewFile(uintptr(fd), "inotify of "+dir)
	if _, err := syscall.InotifyAddWatch(fd, dir, noticed|ended|syscall.IN_ONLYDIR); err != nil {
		return nil, errors.Join(&os.PathError{Op: "inotify_add_watch", Path: dir, Err: err}, file.Close())
	}
	return &notices{file: file}, nil
}

type notices struct {
	file *os.File
	// buffer holds several notices; each has at most the head and a name.
	buffer [4096]byte
}

// errUnwatched: the directory is no longer the one that is watched.
var errUnwatched = errors.New("osfs: the directory was removed or renamed")

// Wait implements fsabstraction.Notices. It starts no goroutine but that of ctx's end.
func (n *notices) Wait(ctx context.Context, most time.Duration) error {
	if err := n.file.SetReadDeadline(time.Now().Add(most)); err != nil {
		return err
	}
	ending := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(ending)
		_ = n.file.SetReadDeadline(time.Unix(1, 0))
	})
	got, err := n.file.Read(n.buffer[:])
	if !stop() {
		<-ending
		return context.Cause(ctx)
	}
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil
	case err != nil:
		return err
	}
	for b := n.buffer[:got]; len(b) >= syscall.SizeofInotifyEvent; {
		if binary.NativeEndian.Uint32(b[4:])&ended != 0 {
			return errUnwatched
		}
		b = b[min(len(b), syscall.SizeofInotifyEvent+int(binary.NativeEndian.Uint32(b[12:]))):]
	}
	return nil
}

// Close implements fsabstraction.Notices.
func (n *notices) Close() error { return n.file.Close() }
