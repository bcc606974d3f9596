"""The commands: parse, call, print. One module a group; heavy imports happen inside the commands."""
