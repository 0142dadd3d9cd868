"""These modules need packages that only `make mutants` installs; elsewhere they hold no tests."""

collect_ignore_glob = ["[!t]*.py"]
