//go:build unix

package runtimeapi

import (
	"errors"
	"syscall"
)

func busyText(err error) bool { return errors.Is(err, syscall.ETXTBSY) }
