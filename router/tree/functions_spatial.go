package tree

import "slices"

// spatial are the functions of geometries. What they return is opaque: a
// geometry is bytes to us, and a text of one has the collation that the server
// likes.
var spatial = slices.Concat(
	opaque(`geomcollection geometrycollection linestring multilinestring multipoint multipolygon point polygon`),
	opaque(`st_area st_asbinary st_asgeojson st_astext st_aswkb st_aswkt st_boundary st_buffer
		st_buffer_strategy st_centroid st_contains st_convexhull st_crosses st_difference
		st_dimension st_disjoint st_distance st_distance_sphere st_endpoint st_envelope st_equals
		st_exteriorring st_frechetdistance st_geohash st_geomcollfromtext st_geomcollfromtxt
		st_geomcollfromwkb st_geometrycollectionfromtext st_geometrycollectionfromwkb
		st_geometryfromtext st_geometryfromwkb st_geometryn st_geometrytype st_geomfromgeojson
		st_geomfromtext st_geomfromwkb st_hausdorffdistance st_interiorringn st_intersection
		st_intersects st_isclosed st_isempty st_isring st_issimple st_isvalid st_latfromgeohash
		st_latitude st_length st_linefromtext st_linefromwkb st_lineinterpolatepoint
		st_lineinterpolatepoints st_linestringfromtext st_linestringfromwkb st_longfromgeohash
		st_longitude st_makeenvelope st_mlinefromtext st_mlinefromwkb st_mpointfromtext
		st_mpointfromwkb st_mpolyfromtext st_mpolyfromwkb st_multilinestringfromtext
		st_multilinestringfromwkb st_multipointfromtext st_multipointfromwkb st_multipolygonfromtext
		st_multipolygonfromwkb st_numgeometries st_numinteriorring st_numinteriorrings st_numpoints
		st_overlaps st_pointatdistance st_pointfromgeohash st_pointfromtext st_pointfromwkb
		st_pointn st_pointonsurface st_polyfromtext st_polyfromwkb st_polygonfromtext
		st_polygonfromwkb st_relate st_simplify st_srid st_startpoint st_swapxy st_symdifference
		st_touches st_transform st_union st_validate st_within st_x st_y`),
	opaque(`mbrcontains mbrcoveredby mbrcovers mbrdisjoint mbrequals mbrintersects mbroverlaps
		mbrtouches mbrwithin`),
	// MariaDB's names of old.
	opaque(`area asbinary astext aswkb aswkt boundary buffer centroid contains convexhull crosses
		dimension disjoint endpoint envelope equals exteriorring geomcollfromtext geomcollfromwkb
		geometrycollectionfromtext geometrycollectionfromwkb geometryfromtext geometryfromwkb
		geometryn geometrytype geomfromtext geomfromwkb glength interiorringn intersects isclosed
		isempty isring issimple linefromtext linefromwkb linestringfromtext linestringfromwkb
		mbrequal mlinefromtext mlinefromwkb mpointfromtext mpointfromwkb mpolyfromtext mpolyfromwkb
		multilinestringfromtext multilinestringfromwkb multipointfromtext multipointfromwkb
		multipolygonfromtext multipolygonfromwkb numgeometries numinteriorrings numpoints overlaps
		pointfromtext pointfromwkb pointn pointonsurface polyfromtext polyfromwkb polygonfromtext
		polygonfromwkb srid startpoint touches within x y`),
	// An aggregate, which the parser takes for a plain call.
	[]row{{"st_collect", Plain, 0, Unranked | InPlace}},
)
