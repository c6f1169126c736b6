//go:build !unix

package runtimeapi

func busyText(error) bool { return false }
