# Completion of mkngramfs, ngramfs and ngramfsck for bash; it needs nothing beside bash. Installed
# under each command's name, since that is how bash-completion finds it.

# What is being typed, from the last blank on. bash itself splits it at each =, and replaces only
# the last piece.
_ngramfs_typed() {
	local line=${COMP_LINE:0:COMP_POINT}
	printf '%s' "${line##*[[:blank:]]}"
}

# Offer the WORDs that begin with PART, which is the end of what is being typed. A word that ends
# with = waits for its value.
_ngramfs_offer() { # PART WORD...
	local part=$1 piece=${COMP_WORDS[COMP_CWORD]}
	shift
	[ "$piece" != = ] || piece=
	mapfile -t COMPREPLY < <(compgen -P "${piece%"$part"}" -W "$*" -- "$part")
	[[ ${COMPREPLY[0]-} != *= ]] || compopt -o nospace
	compopt +o default
}

_ngramfs_directory() {
	compopt +o default -o dirnames
}

_ngramfs_nothing() {
	compopt +o default
}

# The option whose value is asked for, and that value as far as it is typed: --option=value,
# --option value or -o value. Succeeds if there is such an option.
_ngramfs_value() { # OPTION... that have one
	local typed
	typed=$(_ngramfs_typed)
	option=${COMP_WORDS[COMP_CWORD - 1]} value=$typed
	if [[ $typed == --*=* ]]; then
		option=${typed%%=*} value=${typed#*=}
	elif [ "$option" = = ]; then
		# Behind the = of an option of -o.
		option=${COMP_WORDS[COMP_CWORD - 3]-}
	elif [ "${COMP_WORDS[COMP_CWORD]}" = = ]; then
		option=${COMP_WORDS[COMP_CWORD - 2]-}
	fi
	[[ " $* " == *" $option "* ]]
}

_mkngramfs() {
	local option value
	if _ngramfs_value -o --output --format --text-field --bad-unicode --skip-bad --list-passed --shard-size --sa-sampling \
		--batch-size --memory --tmp --threads --progress --outside --documents --documents-from --where; then
		case $option in
		-o | --output | --tmp | --outside) _ngramfs_directory ;;
		--format) _ngramfs_offer "$value" auto jsonl json text lines tar zip 7z warc csv tsv ;;
		--bad-unicode) _ngramfs_offer "$value" refuse replace ;;
		--progress) _ngramfs_offer "$value" auto plain json none ;;
		--skip-bad | --list-passed | --documents-from) ;;
		*) _ngramfs_nothing ;;
		esac
	elif [[ $value == -* ]]; then
		_ngramfs_offer "$value" -o --output= --append --force --resume --merge --remove --documents= --documents-from= --where= --join --estimate --absolute --outside= --format= \
			--list-formats --text-field= --bad-unicode= --skip-bad= --no-follow --list-passed= --allow-empty --shard-size= --batch-size= --sa-sampling= \
			--text-store --facet= --no-facets --memory= --tmp= --threads= --progress= -q --quiet -h --help -V --version
	fi
}

_ngramfs() {
	local option value
	if _ngramfs_value -o; then
		value=${value##*,}
		case $value in
		*=*) _ngramfs_nothing ;;
		*)
			_ngramfs_offer "$value" page= threads= outside= preload preload= nopreload nostreams \
				timeout= searches= queue= memory= spool= lines= nosandbox allow_other \
				default_permissions \
				auto_unmount fsname= subtype= ro
			;;
		esac
	elif [[ $value == -* ]]; then
		_ngramfs_offer "$value" -f -d -s -o -h --help -V --version
	else
		_ngramfs_directory
	fi
}

_ngramfsck() {
	local option value
	if _ngramfs_value --seed --tmp --threads --progress --outside; then
		case $option in
		--tmp | --outside) _ngramfs_directory ;;
		--progress) _ngramfs_offer "$value" auto plain json none ;;
		*) _ngramfs_nothing ;;
		esac
	elif [[ $value == -* ]]; then
		_ngramfs_offer "$value" --full --seed= --outside= --tmp= --threads= --progress= -q --quiet \
			-h --help -V --version
	else
		_ngramfs_directory
	fi
}

complete -o default -F _mkngramfs mkngramfs
complete -o default -F _ngramfs ngramfs
complete -o default -F _ngramfsck ngramfsck
