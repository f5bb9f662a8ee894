package rest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"snrun/steps"
	"snrun/steps/exchange"
)

// download is a file on its way to disk: a hidden one beside its name until it is whole.
type download struct {
	path, temp string
	file       *os.File
	hash       hash.Hash
	size       int64
	limit      int64 // bytes, 0 for none
}

// save streams the body of an answer that is as expected into a file. What fails leaves no file and an older one alone.
func (a *answer) save(ctx context.Context, name string) error {
	a.Saved, a.Took, a.Size = true, a.Elapsed(), a.Resp.ContentLength
	if err := a.judge(a.savable(name)); err != nil {
		return err
	}
	d, err := newDownload(name, a.call)
	if err != nil {
		return err
	}
	if err := a.copyTo(ctx, d); err != nil {
		d.discard()
		return err
	}
	if err := d.commit(); err != nil {
		d.discard()
		return a.diskError(err)
	}
	a.Size, a.Took = d.size, a.Elapsed()
	a.Value = map[string]any{"path": name, "size": int(d.size), "sha256": hex.EncodeToString(d.hash.Sum(nil))}
	return nil
}

// savable refuses what is by its type not the file that was asked for: a maintenance page, above all.
func (a *answer) savable(name string) error {
	media := exchange.MediaType(a.Resp.Header.Get("Content-Type"))
	accept := a.Call.In.Text("accept")
	page := slices.Contains([]string{".html", ".htm", ".xhtml"}, strings.ToLower(filepath.Ext(name)))
	switch {
	case accept == "text" || accept == "bytes":
		return nil
	case exchange.IsHTMLType(media) && !page:
		a.Peek()
		return a.ContentError("the body is an HTML page, not a file to save as "+filepath.Base(name), htmlHint)
	case (accept == "json" || accept == "xml") && exchange.FormatOf(media, nil) != accept:
		a.Peek()
		return a.ContentError("the body is not "+wanted(accept), "write accept: bytes to save it as it is")
	}
	return nil
}

func newDownload(name string, c *call) (*download, error) {
	if slices.Contains(strings.Split(filepath.ToSlash(name), "/"), "..") {
		return nil, exchange.Hinted(exchange.BadInput("save_to: %q climbs out of its folder", name), "leave the .. out: a name that came from a server must not choose the folder")
	}
	d := &download{path: exchange.InDir(name, c.Env.Dir), hash: sha256.New()}
	if c.In.Has("max_body") {
		d.limit = c.In.Size("max_body")
	}
	if info, err := os.Stat(d.path); err == nil && info.IsDir() {
		return nil, exchange.Hinted(exchange.BadInput("save_to: %q is a folder", name), "add a file name")
	}
	if err := os.MkdirAll(filepath.Dir(d.path), 0o777); err != nil {
		return nil, exchange.WrapInput("save_to", fmt.Errorf("its folder cannot be made: %w", err))
	}
	d.temp = filepath.Join(filepath.Dir(d.path), fmt.Sprintf(".%s.%08x.part", filepath.Base(d.path), rand.Uint32()))
	var err error
	if d.file, err = os.OpenFile(d.temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666); err != nil {
		return nil, exchange.WrapInput("save_to", exchange.FileError(err))
	}
	return d, nil
}

// copyTo reads the body to its end. net/http sees to it that the end comes where Content-Length says.
func (a *answer) copyTo(ctx context.Context, d *download) error {
	from := a.Body()
	buffer := make([]byte, 64<<10)
	for {
		n, readErr := from.Read(buffer)
		if err := d.write(buffer[:n]); errors.Is(err, exchange.ErrTooLarge) {
			return a.ContentError(fmt.Sprintf("the body is larger than max_body (%s)", exchange.SizeText(d.limit)), "raise max_body, or leave it out: save_to needs none")
		} else if err != nil {
			return a.diskError(err)
		}
		if readErr == io.EOF {
			return nil
		}
		if readErr != nil {
			return a.BrokenOff(ctx, readErr, d.size)
		}
	}
}

func (d *download) write(p []byte) error {
	d.size += int64(len(p))
	if d.limit > 0 && d.size > d.limit {
		return exchange.ErrTooLarge
	}
	d.hash.Write(p)
	_, err := d.file.Write(p)
	return err
}

// commit makes the file durable and gives it its name.
func (d *download) commit() error {
	if err := d.file.Sync(); err != nil {
		return err
	}
	if err := d.file.Close(); err != nil {
		return err
	}
	return os.Rename(d.temp, d.path)
}

func (d *download) discard() {
	d.file.Close()
	os.Remove(d.temp)
}

// diskError says that the file could not be written.
func (a *answer) diskError(err error) *steps.Error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		e := exchange.Hinted(a.Errorf(steps.Limit, "save_to: the disk is full"), "free some space, or save to another disk")
		e.Cause = err
		return e
	}
	return a.Errorf(steps.BadInput, "save_to: %w", exchange.FileError(err))
}
